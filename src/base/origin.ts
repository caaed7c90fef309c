/** The exact origin of a text that is nothing but an http(s) origin ("https://app.example.com"), or null. */
export function webOrigin(text: unknown): string | null {
  if (typeof text !== "string") return null;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  return url.origin === text || `${url.origin}/` === text ? url.origin : null;
}

/** Whether a host name never leaves this machine: plain HTTP is safe there, and browsers treat it as a secure context. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(hostname);
}
