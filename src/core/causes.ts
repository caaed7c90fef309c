/** Why a request is, or is not, signed in. */
export type Cause =
  | "signed_in"
  | "no_cookie"
  | "no_cookie_on_http"
  | "no_cookie_on_host"
  | "no_cookie_cross_site"
  | "cookie_of_another_name"
  | "cookie_switched_off"
  | "cookie_doubled"
  | "cookie_malformed"
  | "cookie_forged"
  | "other_scheme"
  | "account_unknown"
  | "session_ended"
  | "session_revoked"
  | "session_expired"
  | "session_idle"
  | "token_is_refresh"
  | "token_is_cookie"
  | "token_malformed"
  | "token_of_another_issuer"
  | "token_of_another_audience"
  | "token_of_unknown_key"
  | "token_signature"
  | "token_expired"
  | "clock_skew"
  | "origin_foreign"
  | "origin_null"
  | "origin_missing"
  | "proxy_unnamed"
  | "proxy_host"
  | "address_missing"
  | "store_failed";

/** Cause → what was found, and what to do. `{…}` is filled in. */
export const CAUSES: Readonly<Record<Cause, readonly [found: string, remedy: string]>> = {
  signed_in: ["The request is signed in.", ""],
  no_cookie: [
    "The request carries no session cookie and no bearer token.",
    'Sign in first; in a browser, fetch with credentials: "include" from another origin, and look whether the reply to the sign-in set {cookie}.',
  ],
  no_cookie_on_http: [
    "The request came over http, and {cookie} is Secure: browsers do not send it there.",
    "Open the application at {baseUrl}. Behind a proxy that ends TLS this is as it should be; else set baseUrl to the address that users see.",
  ],
  no_cookie_on_host: [
    "The request went to {host}, and the cookie belongs to {baseHost}: browsers do not send it elsewhere.",
    "Open the application at {baseUrl}, set baseUrl to the address that users see, or set cookie.domain to a parent of both.",
  ],
  no_cookie_cross_site: [
    'A page of another site sent the request, and with cookie.sameSite "{sameSite}" browsers leave the cookie out of it.',
    'Sign in with "session": "bearer" there, or set cookie.sameSite to "none" (HTTPS) and list the origin in trustedOrigins.',
  ],
  cookie_of_another_name: [
    "The request carries {seen}, but the cookie is called {cookie} here.",
    "Make baseUrl, cookie.name and cookie.domain the same as where the user signed in (http or https, the port), or sign in again.",
  ],
  cookie_switched_off: [
    'The request carries the cookie, and session.mode is "bearer".',
    'Set session.mode to "both", or send Authorization: Bearer with an access token.',
  ],
  cookie_doubled: [
    "The request carries {cookie} twice: another application on a neighbouring domain or path sets it too, and neither can be trusted.",
    "Remove the other cookie, or give this application a cookie.name of its own.",
  ],
  cookie_malformed: [
    "The cookie does not hold a session: it was cut, changed, or set by somebody else.",
    "Look whether a proxy or framework rewrites cookies; sign in again.",
  ],
  cookie_forged: [
    "The cookie names a session that lives, with another secret than its own.",
    "Sign in again. If nobody changed the cookie, somebody tried to guess it.",
  ],
  other_scheme: [
    "Authorization is {scheme}, which is not looked at, and there is no session cookie.",
    "Send Authorization: Bearer with an access token.",
  ],
  account_unknown: [
    "The account is not in this store: it was removed, or this process keeps its accounts elsewhere.",
    "If users vanish when the server restarts, storage is memory; if they come and go, processes use different stores.",
  ],
  session_ended: [
    "The session was ended: by signing out, by its owner elsewhere, or to make room for newer ones.",
    "Sign in again. session.maxPerUser says how many sessions an account may have.",
  ],
  session_revoked: [
    "The session is no longer listed, and all sessions of the account were ended at least once (epoch {epoch}).",
    "Sign in again: signing out everywhere, or somebody who proved the address, ended it.",
  ],
  session_expired: [
    "The session is older than session.ttl allows.",
    "Sign in again, or make session.ttl longer for sessions to come.",
  ],
  session_idle: [
    "The session was not used for as long as session.idleTtl allows.",
    "Sign in again, or make session.idleTtl longer.",
  ],
  token_is_refresh: [
    "The bearer token is a refresh token.",
    "Trade it at POST {basePath}/session/refresh, and send the accessToken of the answer.",
  ],
  token_is_cookie: [
    "The bearer token is what a session cookie holds.",
    'Send it as the cookie {cookie}, or sign in with "session": "bearer".',
  ],
  token_malformed: [
    "The bearer token is no access token of this library.",
    "Send the accessToken of a grant, whole: it was cut, changed, or comes from somewhere else.",
  ],
  token_of_another_issuer: [
    "The access token was issued by {iss}, and jwt.issuer is {issuer}.",
    "Set jwt.issuer (by default baseUrl) to the same in every service, or ask the right one.",
  ],
  token_of_another_audience: [
    "The access token is for {aud}, and not for {audience}.",
    "Ask for a token for this audience when signing in, or check it by requireSession(request, { audience }); jwt.audience and audiences say which there are.",
  ],
  token_of_unknown_key: [
    "The key {kid} that signed the access token is not among the signing keys.",
    "Processes use different stores, or the key was retired: refresh the token.",
  ],
  token_signature: [
    "The access token's signature is not that of its key.",
    "It was changed on the way, or made by somebody else.",
  ],
  token_expired: [
    "The access token expired {seconds} s ago.",
    "Trade the refresh token for the next one at POST {basePath}/session/refresh. If it was just issued, this server's clock is ahead.",
  ],
  clock_skew: [
    "The token or session is from the future: it was made {seconds} s after what this process takes for now.",
    "Set the clocks of all servers by NTP: they may differ by seconds, not by minutes.",
  ],
  origin_foreign: [
    "The request changes something, carries the cookie, and comes from {origin}, which is neither {baseUrl} nor trusted.",
    "Add the origin to trustedOrigins if it is yours; set baseUrl to the address that users see.",
  ],
  origin_null: [
    "The request changes something and its Origin is null: a sandboxed page, a file, or a redirect from elsewhere sent it.",
    "Send it from a page of {baseUrl}. null is nobody, and cannot be trusted.",
  ],
  origin_missing: [
    "The request changes something, comes from a browser, and has no Origin: something on the way took it off.",
    "Let proxies and service workers pass Origin on.",
  ],
  proxy_unnamed: [
    "The request came through a proxy ({header}), and clientIp is not set to look at it.",
    "Set clientIp to { trustedProxies: n }, with n the number of proxies of yours, so that limits count clients.",
  ],
  proxy_host: [
    "A proxy passed the request on as {host}, while baseUrl is {baseUrl}.",
    "Nothing depends on it here, but frameworks may: let the proxy pass Host on.",
  ],
  address_missing: [
    "clientIp finds no address of whoever asks: all such requests are counted as one client.",
    "Pass the server's second argument on, auth.handler(request, info); or set the number of proxies that there are.",
  ],
  store_failed: [
    "The store could not be asked: {code}.",
    "See what it says: {problem}.",
  ],
};
