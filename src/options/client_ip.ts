import type { Report } from "../base/report.ts";
import type { ConnectionInfo } from "../model.ts";

/** Where a client's address is found: on the connection; in `X-Forwarded-For`, where proxies of your own stand before the server; or
 * where a function of yours finds it. */
export type ClientIp =
  | "direct"
  | {
    /** How many proxies of your own each request passes, 1 to 16: each adds an entry at the right, and the one of the first counts. */
    readonly trustedProxies: number;
  }
  | ((request: Request, info: ConnectionInfo) => string | null | undefined);

const PROXIES = { min: 1, max: 16, fallback: 1 } as const;

/** Checks it. Null where nobody said where the address is. */
export function clientIpOf(given: unknown, report: Report): ClientIp | null {
  if (given === undefined) return null;
  if (given === "direct") return given;
  if (typeof given === "function") return given as ClientIp; // what it answers is looked at each time
  if (typeof given === "object" && given !== null) {
    const { trustedProxies = null } = report.object<{ trustedProxies?: unknown }>("clientIp", given, [
      "trustedProxies",
    ]);
    return { trustedProxies: report.integer("clientIp.trustedProxies", trustedProxies, PROXIES) };
  }
  report.add("clientIp", 'must be "direct", { trustedProxies: 1 } or a function (request, info) => string');
  return null;
}
