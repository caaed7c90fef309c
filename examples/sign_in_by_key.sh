#!/bin/sh
# Signs in by an SSH key, and prints an access token: sh sign_in_by_key.sh https://app.example.com/auth ~/.ssh/id_ed25519
url=$1 key=$2
ask() { curl -sS --fail-with-body "$url/key/sign-in/$1" -H 'content-type: application/json' -d "$2"; }
step=$(ask start "$(jq -n --rawfile key "$key.pub" '{publicKey: $key}')")
message=$(printf %s "$step" | jq -r .message)
refuse() { echo "Nothing was signed: $1" >&2; exit 1; }
[ "$(printf %s "$message" | head -n 2)" = "Latchkey: sign in" ] || refuse "it is no sign-in" # that, and an empty line
for line in "Purpose: sign in" "At: $url"; do
  printf '%s\n' "$message" | grep -qxF "$line" || refuse "no \"$line\""
done
signature=$(printf %s "$message" | ssh-keygen -q -Y sign -n latchkey -f "$key")
answer=$(printf %s "$step" | jq --arg signature "$signature" '{challengeId, $signature, session: "bearer"}')
ask finish "$answer" | jq -r .accessToken
