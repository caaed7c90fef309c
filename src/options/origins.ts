import { webOrigin } from "../base/origin.ts";
import type { Report } from "../base/report.ts";

/** Origins whose requests may carry the cookie: a list of exact ones, or a function that judges. */
export type TrustedOrigins = readonly string[] | ((origin: string, request: Request) => boolean);

/** Whether an origin is ours or trusted. */
export type Trusts = (origin: string, request: Request) => boolean;

/** Checks them. `own` is always trusted. */
export function trusted(given: TrustedOrigins | undefined, own: string, report: Report): Trusts {
  if (typeof given === "function") {
    return (origin, request) => origin === own || judged(given(origin, request));
  }
  const list: unknown = given === undefined ? [] : given;
  if (!Array.isArray(list)) {
    report.add("trustedOrigins", "must be an array of origins, or a function (origin, request) => boolean");
    return () => false;
  }
  const origins = new Set([own]);
  list.forEach((origin: unknown, i) => {
    // An app's own scheme ("capacitor://localhost") has no origin in the sense of the URL standard: it is compared as text.
    const exact = webOrigin(origin) === origin ||
      (typeof origin === "string" && /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(origin));
    if (typeof origin !== "string" || !exact || origin.includes("*")) {
      report.add(
        `trustedOrigins[${i}]`,
        'must be an exact origin like "https://app.example.com", without a path or wildcard',
      );
    } else origins.add(origin);
  });
  return (origin) => origins.has(origin);
}

/** Whatever but true is no. A promise too: what it comes to is of no interest, and ends no process. */
function judged(answer: unknown): boolean {
  if (typeof answer !== "boolean") void Promise.resolve(answer).catch(() => {});
  return answer === true;
}
