import { textOf } from "../../base/body.ts";
import { hex, utf8 } from "../../base/encoding.ts";
import { discreetly } from "../../base/hidden.ts";

const RANGE = "https://api.pwnedpasswords.com/range/";
const SHOWN = 5; // digits of the hash: a million hashes begin with the same ones
const LONGEST = 500_000; // bytes of a reply: with padding it has 60,000 at most

/** Whether a password stands in the list of haveibeenpwned.com. The service is told the first five hexadecimal digits of its SHA-1, and
 * pads its reply, so that its length tells nobody on the way which ones were asked for.
 * @see {@link https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange | the API} */
export async function isBreached(
  password: string,
  ask: (url: string, init: RequestInit) => Promise<Response>,
): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-1", Uint8Array.from(utf8(password)));
  const hash = hex(new Uint8Array(digest)).toUpperCase();
  const [shown, rest] = [hash.slice(0, SHOWN), hash.slice(SHOWN)];
  // A failure may tell the address that was asked, and whoever reads logs is to learn nothing of the password.
  const text = await discreetly([shown], async () => await rangeOf(shown, ask));
  // Lines of padding count nothing: they stand for no password.
  return text.split(/\r?\n/).some((line) =>
    line.startsWith(`${rest}:`) && Number(line.slice(rest.length + 1)) > 0
  );
}

const LIST = /^[0-9A-F]{35}:\d+\r?(?:\n|$)/;

/** The hashes that begin with `shown`. */
async function rangeOf(shown: string, ask: Parameters<typeof isBreached>[1]): Promise<string> {
  const headers = { "Add-Padding": "true", "User-Agent": "latchkey" };
  const reply = await ask(`${RANGE}${shown}`, { headers, redirect: "error" });
  const text = await textOf(reply, LONGEST);
  if (reply.ok && LIST.test(text)) return text;
  throw new Error(`the list of known passwords answered ${reply.status}, with something else than hashes`);
}
