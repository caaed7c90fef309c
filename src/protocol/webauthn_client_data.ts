// What the browser says of a ceremony (WebAuthn L3 section 5.8.1): read, and compared with what was asked for.
import { ascii } from "../base/ascii.ts";
import { fromUtf8 } from "../base/encoding.ts";
import { parseJson } from "../base/json.ts";
import type { Flaw } from "./webauthn_authenticator_data.ts";

/** Client data. Its members are what they are: each is compared exactly, type and all. */
export interface ClientData {
  /** As it came: its hash is signed. */
  readonly bytes: Uint8Array;
  readonly type?: unknown;
  readonly challenge?: unknown;
  readonly origin?: unknown;
  readonly crossOrigin?: unknown;
  readonly topOrigin?: unknown;
}

/** What a ceremony must have been for. */
export interface Asked {
  /** As it was given out, in base64url. */
  readonly challenge: string;
  /** The pages and applications that may ask: `https://app.example.com`, `android:apk-key-hash:…`. */
  readonly origins: readonly string[];
}

const DEEPEST = 8;
const SHOWN = 100; // characters of what a log is told

/** Reads client data. Members that nobody knows are passed over, as section 5.8.1 asks; one that stands twice makes it no JSON. */
export function readClientData(bytes: Uint8Array): ClientData | Flaw {
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    return { flaw: "is not UTF-8" };
  }
  const value = parseJson(text, DEEPEST);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { flaw: "is not a JSON object" };
  }
  const { type, challenge, origin, crossOrigin, topOrigin }: Omit<ClientData, "bytes"> = value;
  return { bytes, type, challenge, origin, crossOrigin, topOrigin };
}

/** What is wrong with client data; null where nothing is. */
export function flawOfClientData(
  { type, challenge, origin, crossOrigin, topOrigin }: ClientData,
  ceremony: "webauthn.create" | "webauthn.get",
  asked: Asked,
): string | null {
  if (type !== ceremony) return `its type is ${shown(type)}: it must be "${ceremony}"`;
  // An empty challenge is one that somebody forgot to keep: then every answer would be to it.
  if (challenge !== asked.challenge || asked.challenge === "") return "it answers another challenge";
  if (!asked.origins.some((one) => one === origin)) {
    return `its origin is ${shown(origin)}: it must be ${asked.origins.join(" or ")}`;
  }
  // Nobody's page may show ours in a frame and have people sign in there (section 13.4.2).
  const isFramed = (crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined;
  return isFramed ? `it comes from a frame in a page of another origin, ${shown(topOrigin)}` : null;
}

function shown(value: unknown): string {
  return ascii(String(JSON.stringify(value))).slice(0, SHOWN);
}
