const LONGEST = 2048; // characters

/** Where a browser may be sent: a path of one's own origin, or an address whose origin is trusted. Parsed as browsers parse it (WHATWG
 * URL), and told as it was parsed. Null for anything else: `//host`, `/\host`, another scheme, a user name, a control character. */
export function redirectTarget(
  to: unknown,
  own: string,
  isTrusted: (origin: string) => boolean,
): string | null {
  if (typeof to !== "string" || to.length > LONGEST || !to.isWellFormed() || /[\p{Cc}\s\\]/u.test(to)) {
    return null;
  }
  const isPath = /^\/(?!\/)/.test(to);
  if (!isPath && !/^https?:\/\/[^/]/i.test(to)) return null;
  const url = URL.parse(to, own);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    return null;
  }
  if (url.origin !== own && (isPath || !isTrusted(url.origin))) return null;
  if (!isPath) return url.href;
  // Without its dots, `/..//host` is `//host`: a path is told only if it is read as the same place again.
  const path = url.pathname + url.search + url.hash;
  return URL.parse(path, own)?.href === url.href ? path : null;
}
