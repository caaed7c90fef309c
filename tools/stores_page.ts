// What docs/stores.md prints from the code: verdicts on the drivers of unstorage, what records there are and how large, and whole
// files of examples/. The rest of the page is written by hand.
import { VERDICTS } from "../src/store/verdicts.ts";
import { signIn } from "../test/suite/steps.ts";
import { BASE_URL, world } from "../test/suite/world.ts";
import { filled, table } from "./markdown.ts";

/** What each kind of record is, by the first part of its key. */
const RECORDS: readonly (readonly [key: string, kind: string, what: string])[] = [
  [
    "users:…",
    "users",
    "an account: its addresses, name, roles, and the list of its living sessions; here with two",
  ],
  ["identifiers:…", "identifiers", "a claim: which account an address leads to"],
  ["sessions:…:…", "cookie", "a session by cookie"],
  ["sessions:…:…", "bearer", "a session by tokens, and after eight refreshes"],
  ["challenges:…", "challenges", "a mailed code that waits for its answer; gone after 10 minutes"],
  [
    "limits:…",
    "limits",
    "what is used up of one limit, or of the guesses at one account; gone when it says nothing any more",
  ],
  [
    "replies:…",
    "replies",
    "the reply to a request that ran once, sealed; here one of 15 bytes, kept for a day",
  ],
  ["signing-keys", "signing-keys", "the keys of access tokens, sealed; one record"],
  ["lookup-key", "lookup-key", "what names in keys are hashed with, sealed; one record"],
  ["meta", "meta", "the version of all this; one record"],
];

/** The page with its slots filled. */
export async function storesPage(): Promise<string> {
  return filled("docs/stores.md", { verdicts: verdicts(), records: await records() });
}

function verdicts(): string {
  const words = { adopted: "taken", "single-process": "`allowUnsafeStorage` only", never: "refused" };
  const rows = Object.entries(VERDICTS).map((
    [name, [verdict, reason]],
  ) => [`\`${name}\``, words[verdict], reason]);
  return table(["driver", "", "why"], rows);
}

/** Measured: the bytes of key and text. */
async function records(): Promise<string> {
  const here = world("memory", "method");
  const { grant: cookie } = await signIn(here, "ada@example.com", "cookie");
  const { grant: bearer } = await signIn(here, "ada@example.com", "bearer");
  await here.person().emailOtp.start({ email: "bob@example.com" });
  const once = new Request(`${BASE_URL}/pay`, {
    method: "POST",
    headers: { "idempotency-key": "a" },
    body: "{}",
  });
  await here.server().idempotent(once, () => new Response('{"paid":"4.00"}'));
  const before = await here.contents();
  let { refreshToken = "" } = bearer;
  for (let n = 0; n < 8; n++) {
    refreshToken = (await here.server().sessions.refresh({ refreshToken })).refreshToken ?? "";
  }
  const after = await here.contents();
  await here.close();
  const size = (contents: ReadonlyMap<string, string>, prefix: string) => {
    const [key = "", text = ""] = [...contents].find(([key]) => key.startsWith(prefix)) ?? [];
    return key.length + new TextEncoder().encode(text).length;
  };
  const keyOf = ({ user, session }: typeof cookie) => `sessions:${user.id}:${session.id}`;
  const sizes: Readonly<Record<string, string>> = {
    cookie: String(size(before, keyOf(cookie))),
    limits: range([...before].filter(([key]) => key.startsWith("limits:")).map(([key]) => size(before, key))),
    bearer: `${size(before, keyOf(bearer))}, ${size(after, keyOf(bearer))}`,
  };
  return table(
    ["key", "what", "bytes"],
    RECORDS.map(([key, kind, what]) => [`\`${key}\``, what, sizes[kind] ?? String(size(before, kind))]),
  );
}

/** The least and the most. */
function range(sizes: readonly number[]): string {
  return [...new Set([Math.min(...sizes), Math.max(...sizes)])].join(" to ");
}
