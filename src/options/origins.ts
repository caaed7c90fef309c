import { webOrigin } from "../base/origin.ts";
import type { Report } from "../base/report.ts";

/** Origins whose requests may carry the cookie: a list of exact ones, or a function that judges. */
export type TrustedOrigins = readonly string[] | ((origin: string, request: Request) => boolean);

/** Whether an origin is ours or trusted. */
export type Trusts = (origin: string, request: Request) => boolean;

/** What an origin must look like. */
export const ORIGIN_IS = 'must be an exact origin like "https://app.example.com", without a path or wildcard';

/** Whether a text is exactly one origin. An app's own scheme ("capacitor://localhost") has none in the sense of the URL standard: it
 * is compared as text. */
export function exactOrigin(text: unknown): text is string {
  return typeof text === "string" && !text.includes("*") &&
    (webOrigin(text) === text || /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(text));
}

/** Trusted origins whose requests the browser sends without our cookie, for they are on another site (as far as two labels tell). */
export function otherSites(given: unknown, own: string): readonly string[] {
  const site = (origin: string) => {
    const url = URL.parse(origin);
    const host = url?.hostname ?? "";
    const name = /^[\d.]+$|^\[/.test(host) ? host : host.split(".").slice(-2).join(".");
    return `${url?.protocol}//${name}`;
  };
  return Array.isArray(given) ? given.filter((one) => exactOrigin(one) && site(one) !== site(own)) : [];
}

/** Checks them. `own` is always trusted. */
export function trusted(given: TrustedOrigins | undefined, own: string, report: Report): Trusts {
  if (typeof given === "function") {
    // "null" is what a sandboxed page of anybody sends: nobody is asked about it.
    return (origin, request) => origin === own || (origin !== "null" && judged(given(origin, request)));
  }
  const list: unknown = given === undefined ? [] : given;
  if (!Array.isArray(list)) {
    report.add("trustedOrigins", "must be an array of origins, or a function (origin, request) => boolean");
    return () => false;
  }
  const origins = new Set([own]);
  list.forEach((origin: unknown, i) => {
    if (exactOrigin(origin)) origins.add(origin);
    else report.add(`trustedOrigins[${i}]`, ORIGIN_IS);
  });
  return (origin) => origins.has(origin);
}

/** Whatever but true is no. A promise too: what it comes to is of no interest, and ends no process. */
function judged(answer: unknown): boolean {
  if (typeof answer !== "boolean") void Promise.resolve(answer).catch(() => {});
  return answer === true;
}
