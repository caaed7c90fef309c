const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const LONGEST = 100; // characters, with a zone, a port and brackets

/** The IP address that a text is, in its one spelling (RFC 5952): without port, brackets and zone, and an IPv4 address that is written
 * as an IPv6 one (`::ffff:192.0.2.1`) as what it is. Null for whatever is none; so is `127.1`, which not everybody reads alike. */
export function canonicalAddress(text: string): string | null {
  if (text.length > LONGEST) return null;
  if (IPV4.test(text)) return text; // as most are
  const [, bracketed, bare = ""] = /^\s*(?:\[([^\]]*)\](?::\d{1,5})?|(.*?))\s*$/s.exec(text) ?? [];
  const [v4 = ""] = bare.split(/:(?=\d{1,5}$)/, 1);
  if (bracketed === undefined && IPV4.test(v4)) return v4;
  const groups = groupsOf(bracketed ?? bare);
  if (groups === null) return null;
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  const mapped = (a || b || c || d || e) === 0 && f === 0xffff; // RFC 4291 section 2.5.5.2
  return mapped ? [high >> 8, high & 255, low >> 8, low & 255].join(".") : spelled(groups);
}

/** What counts as one client: an IPv4 address, or the /64 that an IPv6 address is in, for whoever has one of those has all. */
export function networkOf(address: string): string {
  const groups = groupsOf(address);
  return groups === null ? address : `${spelled([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(text: string): readonly number[] | null {
  const [plain = ""] = text.split("%", 1); // behind it stands the zone, which means something on that machine alone
  const host = /^[0-9a-f:.]+$/i.test(plain) ? URL.parse(`http://[${plain}]`)?.hostname : undefined;
  if (host === undefined) return null;
  const [head = [], tail = []] = host.slice(1, -1).split("::").map((half) =>
    half === "" ? [] : half.split(":").map((group) => parseInt(group, 16))
  );
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function spelled(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text;
}

/** The address that the n-th proxy from here has seen: each adds whom it heard from at the right of `X-Forwarded-For`, so what stands
 * further left was perhaps made up. Null where so many have not written, or what stands there is none. */
export function forwardedAddress(header: string | null, proxies: number): string | null {
  const entries = (header ?? "").slice(-LONGEST * proxies).split(",");
  const entry = entries.at(-proxies);
  return entry === undefined ? null : canonicalAddress(entry);
}
