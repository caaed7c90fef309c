import { utf8 } from "../base/encoding.ts";
import { isLoopback } from "../base/origin.ts";

/** The page that asks for a ceremony. */
export interface Page {
  /** Its origin: `https://app.example.com`; of a native app `android:apk-key-hash:…`. */
  readonly origin: string;
  /** The origin of the page that it stands in, where that is another one. */
  readonly topOrigin?: string;
  /** Asks the site whose RP ID the page wants to use for `/.well-known/webauthn`: `auth.handler`, for instance. Without it no site has
   * related origins. */
  readonly site?: (request: Request) => Response | Promise<Response>;
}

/** What browsers reject with (WebIDL section 4.3). */
type Refusal =
  | "EncodingError"
  | "InvalidStateError"
  | "NotAllowedError"
  | "SecurityError";

/** What a ceremony rejects with. */
export function refusal(name: Refusal, message: string): DOMException {
  return new DOMException(message, name);
}

/** The RP ID that a page may use (WebAuthn Level 3 sections 5.1.3 and 5.11).
 * @throws {DOMException} `SecurityError` */
export async function rpIdOf(wanted: string | undefined, page: Page): Promise<string> {
  if (page.origin.startsWith(NATIVE) && wanted !== undefined) return wanted; // the system asks the site whether the app is its own
  const url = URL.parse(page.origin);
  const isSecure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === null || url.origin !== page.origin || !isSecure) {
    throw refusal("SecurityError", `${page.origin} is not the origin of a secure page`);
  }
  const host = url.hostname;
  if (ADDRESS.test(host)) throw refusal("SecurityError", `${host} is an address: passkeys belong to names`);
  const rpId = wanted ?? host;
  if (fits(rpId, host) || await isRelated(rpId, page)) return rpId;
  throw refusal("SecurityError", `the RP ID ${rpId} does not belong to ${page.origin}`);
}

const NATIVE = "android:apk-key-hash:";
const ADDRESS = /^\[|^\d+(?:\.\d+){3}$/;

/** Whether it is the host's name, or the end of it. Names under which anybody registers others are on a list that browsers have; here a
 * name without a dot stands for them. */
function fits(rpId: string, host: string): boolean {
  return rpId === host || (rpId.includes(".") && host.endsWith(`.${rpId}`));
}

async function isRelated(rpId: string, { origin, site }: Page): Promise<boolean> {
  if (site === undefined) return false;
  const reply = await site(new Request(`https://${rpId}/.well-known/webauthn`));
  if (reply.status !== 200 || reply.headers.get("content-type")?.split(";")[0] !== "application/json") {
    return false;
  }
  const { origins }: { readonly origins?: unknown } = Object(await reply.json());
  return Array.isArray(origins) && origins.includes(origin);
}

/** `clientDataJSON`, as browsers write it (WebAuthn Level 3 section 5.8.1). */
export function clientData(
  type: "webauthn.create" | "webauthn.get",
  challenge: string,
  { origin, topOrigin }: Page,
): Uint8Array {
  const framed = topOrigin === undefined ? { crossOrigin: false } : { crossOrigin: true, topOrigin };
  return utf8(JSON.stringify({ type, challenge, origin, ...framed }));
}
