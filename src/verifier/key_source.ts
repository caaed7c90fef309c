import { textOf } from "../base/body.ts";
import { deadline } from "../base/deadline.ts";
import type { Platform } from "../platform.ts";
import { publicKeys } from "../protocol/jwks.ts";
import type { JwtKey } from "../protocol/jws.ts";
import { MAX_AGE, type VerifierSettings } from "./options.ts";

/** The keys of an issuer, as they are now. */
export interface Published {
  /** By their `kid`. */
  readonly keys: ReadonlyMap<string, JwtKey>;
  /** How long they may be taken for the issuer's own, in seconds. */
  readonly maxAge: number;
}

/** Where keys come from. */
export interface KeySource {
  /** What to call it. */
  readonly name: string;
  /** Asks for the keys, within the deadline. Rejects with what went wrong. */
  readonly ask: () => Promise<Published>;
}

/** A JWK Set, and how long it may be kept, in seconds. */
interface Answered {
  readonly set: unknown;
  readonly maxAge: number;
}

const LARGEST = 64 * 1024; // bytes

/** The keys that the options name: at an address, from a function, or in the options themselves. */
export function keySource(settings: VerifierSettings, platform: Platform): KeySource {
  const { jwks, algorithms } = settings;

  async function answer(signal: AbortSignal): Promise<Answered> {
    if (jwks instanceof URL) return await fetched(jwks, signal, platform);
    if (typeof jwks === "function") return { set: await jwks(), maxAge: MAX_AGE.fallback };
    return { set: jwks, maxAge: Infinity };
  }

  return {
    name: jwks instanceof URL ? jwks.href : "jwks",
    async ask() {
      const controller = new AbortController();
      const within = deadline(platform, settings.deadline * 1000, () => {
        controller.abort(); // or a server that never answers keeps a connection for each attempt
        return new Error(`no answer within ${settings.deadline} s`);
      });
      const { set, maxAge } = await within(answer(controller.signal));
      const keys = await publicKeys(set, algorithms);
      if (keys === null) throw new TypeError("the answer is no JWK Set");
      return { keys, maxAge };
    },
  };
}

/** Redirects are not followed: they could lead to where the address was not allowed to. */
async function fetched(url: URL, signal: AbortSignal, platform: Platform): Promise<Answered> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const response = await platform.fetch(url, { headers, redirect: "error", signal });
  const text = await textOf(response, LARGEST);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return { set: JSON.parse(text), maxAge: maxAgeOf(response.headers) };
}

/** How long a reply may be kept (RFC 9111 sections 4.2, 5.1): what it spent in a cache on the way counts. Within bounds, so that
 * nobody asks with each token, and a key that was taken back does not serve for a day. */
function maxAgeOf(headers: Headers): number {
  const [, told] = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(headers.get("cache-control") ?? "") ?? [];
  const [age = 0] = /^\d{1,9}$/.exec(headers.get("age") ?? "") ?? [];
  if (told === undefined) return MAX_AGE.fallback;
  return Math.min(Math.max(Number(told) - Number(age), MAX_AGE.min), MAX_AGE.max);
}
