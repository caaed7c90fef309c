/** How a cookie is kept by the browser (RFC 6265bis section 4.1.2). It is always HttpOnly, for the whole site. */
export interface CookieRule {
  /** Its full name, prefix included. */
  readonly name: string;
  /** Only over HTTPS. */
  readonly secure: boolean;
  /** When requests from other sites carry it. */
  readonly sameSite: "lax" | "strict" | "none";
  /** The domain whose subdomains get it too; without it only the host that set it. */
  readonly domain?: string | undefined;
}

const SAME_SITE = { lax: "Lax", strict: "Strict", none: "None" } as const;

/** The value of a `Set-Cookie` header. `maxAge` is in seconds; 0 removes the cookie. */
export function setCookie(rule: CookieRule, value: string, maxAge: number): string {
  const parts = [`${rule.name}=${value}`, "Path=/", `Max-Age=${maxAge}`, "HttpOnly"];
  if (rule.domain !== undefined) parts.push(`Domain=${rule.domain}`);
  if (rule.secure) parts.push("Secure");
  parts.push(`SameSite=${SAME_SITE[rule.sameSite]}`);
  return parts.join("; ");
}

/** All values that a `Cookie` header gives for one exact name. More than one means that somebody on a neighbouring domain or
 * path has set it too: none of them can be trusted (RFC 6265bis section 8.6). */
export function cookieValues(header: string | null, name: string): readonly string[] {
  if (header === null || !header.includes(name)) return [];
  const values: string[] = [];
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && stripped(pair.slice(0, equals)) === name) values.push(stripped(pair.slice(equals + 1)));
  }
  return values;
}

const ID = /^[a-z2-7]{26}$/;

/** The ids in the value of a cookie that holds some, with dots between. What is none is passed over: anybody can write a cookie. */
export function idsIn(value: string | null | undefined): readonly string[] {
  return value?.split(".").filter((one) => ID.test(one)) ?? [];
}

/** Without spaces and tabs around it (RFC 6265bis section 5.6), and nothing else: what `trim` takes for white space besides is part of
 * the name to a browser, which then does not see the prefix that keeps neighbours from setting it. */
function stripped(text: string): string {
  let [start, end] = [0, text.length]; // by index: a pattern would look at each run of spaces again for each of its spaces
  while (isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
