import { canonicalAddress, forwardedAddress, networkOf } from "../base/address.ts";
import { anything, matching, object, optional, parse, span, text, whole } from "../base/schema.ts";
import type { Core } from "../core/core.ts";
import type { Rate, Verdict } from "../core/limits.ts";
import type { Endpoint } from "../endpoint.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo, ConnectionInfo, OwnLimit, WithinLimit } from "../model.ts";

/** A request that was counted. */
export interface Counted extends Verdict {
  /** What tells it (draft-ietf-httpapi-ratelimit-headers-10): the rule, and what is left of it until when. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Knows clients by their addresses, and counts what they ask. */
export interface Limiter {
  /** The address that a request came from, in its one spelling; null where there is none to be found. */
  readonly addressOf: (request: Request, info: unknown) => string | null;
  /** Counts a request for a route; null where that is not limited.
   * @throws {AuthError} what the store throws: who cannot be counted is not let in */
  readonly count: (endpoint: Endpoint, client: ClientInfo) => Promise<Counted | null>;
  /** Counts what the application limits.
   * @throws {AuthError} `rate_limited`, `input_invalid`, what the store throws */
  readonly own: (request: Request, limit: OwnLimit) => Promise<WithinLimit>;
}

const ownLimit = object<Omit<OwnLimit, "per"> & { readonly per: number }>({
  name: matching(/^[\w .:/-]{1,64}$/, "1 to 64 letters, digits, spaces and _ . : / -"),
  limit: whole({ min: 1, max: 100_000 }),
  per: span({ min: 1, max: 30 * 86_400 }),
  key: optional(text({ min: 1, max: 256 })),
  info: anything(),
});

const NO_ADDRESS =
  "clientIp finds no address in a request: all such requests count together, as one client. Does it fit your proxies?";

const DEVICES = 10; // times the limit of an address is what all known devices at it have

/** The one limiter of all routes. */
export function limiter({ accounts, devices, events, limits, settings, platform }: Core): Limiter {
  const { clientIp } = settings;
  const { kinds, routes, on } = settings.limits;
  let isWarned = false;

  /** Where there should be an address and is none, somebody may be hiding it: all of those are one client. */
  function keyOf({ ip }: ClientInfo): string {
    if (typeof ip === "string") return networkOf(ip);
    if (!isWarned) platform.log.warn(NO_ADDRESS);
    isWarned = true;
    return "";
  }

  /** The first user on whose device it is, if it is known; a cookie speaks of five at most. */
  async function ownerOf({ device }: ClientInfo): Promise<string | null> {
    for (const uid of devices.claimed(device)) {
      const account = await accounts.get(uid);
      if (account !== null && devices.know(device, { uid, epoch: account.epoch }) !== null) return uid;
    }
    return null;
  }

  /** Counts for the user of a known device, and for all such devices of the address: whoever makes accounts makes no more clients than
   * that. */
  async function takeKnown(name: string, rate: Rate, owner: string, client: ClientInfo): Promise<Verdict> {
    const own = await limits.take(["device", name, owner], rate);
    if (!own.allowed) return own;
    const all = await limits.take(["devices", name, keyOf(client)], { ...rate, limit: rate.limit * DEVICES });
    if (all.allowed) return own;
    await limits.refund(["device", name, owner], rate);
    return all;
  }

  function told(limit: string, rate: Rate, verdict: Verdict, client: ClientInfo): Counted {
    if (!verdict.allowed) events.emit("limit.exceeded", { limit, ip: client.ip ?? null }, client);
    return { ...verdict, headers: headersOf(limit, rate, verdict) };
  }

  return {
    addressOf: (request, info) => addressOf(clientIp, request, info),
    async count({ call, route }, client) {
      const own = routes[call];
      const name = own === undefined ? route.limit : call;
      const rate = own ?? (route.limit && kinds[route.limit]);
      if (!on || name === undefined || rate === undefined) return null;
      let verdict = await limits.take(["client", name, keyOf(client)], rate);
      // What others at an address use up is nothing to somebody whose device is known. All devices of a user count together, or
      // each sign-in would make one more client.
      const owner = verdict.allowed ? null : await ownerOf(client);
      if (owner !== null) verdict = await takeKnown(name, rate, owner, client);
      return told(name, rate, verdict, client);
    },
    async own(request, given) {
      const { name, key, info, ...rate } = parse(ownLimit, given);
      if (key === undefined && clientIp === null) {
        const message = "is required where clientIp is not set";
        throw new AuthError("input_invalid", { issues: [{ path: "key", message }] });
      }
      const client: ClientInfo = clientIp === null ? {} : { ip: addressOf(clientIp, request, info) };
      const parts = key === undefined ? ["own client", name, keyOf(client)] : ["own", name, key];
      const counted = told(name, rate, await limits.take(parts, rate), client);
      const { allowed, remaining, retryAfter, resetAfter, headers } = counted;
      if (!allowed) throw new AuthError("rate_limited", { retryAfter });
      return { remaining, resetAfter, headers };
    },
  };
}

/** The address that a request came from, as `clientIp` finds it. */
export function addressOf(
  clientIp: Core["settings"]["clientIp"],
  request: Request,
  info: unknown,
): string | null {
  if (typeof clientIp === "object" && clientIp !== null) {
    return forwardedAddress(request.headers.get("x-forwarded-for"), clientIp.trustedProxies);
  }
  const find = typeof clientIp === "function" ? clientIp : connected;
  const address = find(request, Object(info));
  return typeof address === "string" ? canonicalAddress(address) : null;
}

/** What the server says of the other side. */
function connected(request: Request, info: ConnectionInfo): unknown {
  const { hostname }: { readonly hostname?: unknown } = Object(info.remoteAddr);
  return info.remoteAddress ?? hostname ?? info.requestIP?.(request)?.address;
}

function headersOf(
  name: string,
  { limit, per }: Rate,
  { remaining, retryAfter, resetAfter }: Verdict,
): Counted["headers"] {
  return {
    "RateLimit-Policy": `"${name}";q=${limit};w=${per}`,
    "RateLimit": `"${name}";r=${remaining};t=${retryAfter || resetAfter}`,
  };
}
