/** Whether a host is an IP address, as URLs write it. */
export function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.startsWith("[");
}

/** Whether a domain stands for a host: it is the host, or a parent of it with at least two labels below which not everybody registers. */
export function coversHost(domain: string, host: string): boolean {
  if (domain === host) return true;
  return host.endsWith(`.${domain}`) && domain.includes(".") && !isAddress(host) && !isPublicSuffix(domain);
}

/** Whether anybody may register below a domain. The commonest of publicsuffix.org: for the others the browser says so. */
export function isPublicSuffix(domain: string): boolean {
  return PUBLIC_SUFFIXES.includes(` ${domain} `);
}

const PUBLIC_SUFFIXES =
  " co.uk org.uk com.au com.br co.jp co.in co.kr co.nz co.za com.cn com.mx com.tr github.io gitlab.io vercel.app " +
  "netlify.app herokuapp.com pages.dev workers.dev web.app firebaseapp.com fly.dev onrender.com deno.dev azurewebsites.net ";
