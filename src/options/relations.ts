import { isPublicSuffix } from "../base/domain.ts";
import { isLoopback } from "../base/origin.ts";
import type { Report } from "../base/report.ts";
import type { AuthOptions, Settings } from "../options.ts";

/** Notes what is right option by option, and yet refused by browsers or standards, or could never have an effect. */
export function checkRelations(given: Partial<AuthOptions>, settings: Settings, report: Report): void {
  sessions(given, settings, report);
  cookies(given, settings, report);
  origins(given, settings, report);
  links(given, report);
}

function links(
  { email, magicLink, password, session }: Partial<AuthOptions>,
  report: Report,
): void {
  if (password !== undefined && email !== undefined && email?.links?.reset === undefined) {
    report.add(
      "email.links.reset",
      'is needed by password: the page on which somebody chooses a new one, like "https://app.example.com/reset"',
    );
  }
  if (password === undefined && email?.links?.reset !== undefined) {
    report.add("email.links.reset", "has no effect without password: leave it out, or set password: true");
  }
  const page = email?.links?.magicLink;
  if (page !== undefined && magicLink === undefined) {
    report.add(
      "email.links.magicLink",
      "has no effect without magicLink: leave it out, or set magicLink: true",
    );
  }
  if (magicLink !== undefined && page === undefined && session?.mode === "bearer") {
    report.add(
      "email.links.magicLink",
      'must be set where session.mode is "bearer": our page keeps no tokens',
    );
  }
}

function sessions(
  { session, jwt, audiences }: Partial<AuthOptions>,
  settings: Settings,
  report: Report,
): void {
  const { ttl } = settings.session;
  if (session?.freshFor !== undefined && settings.session.freshFor > ttl) {
    report.add("session.freshFor", "must not be longer than session.ttl");
  }
  // StringOrURI (RFC 7519 section 2): what has a colon must be a URI.
  const named: readonly (readonly [string, unknown])[] = [
    ["jwt.issuer", jwt?.issuer],
    ["jwt.audience", jwt?.audience],
    ...(Array.isArray(audiences)
      ? Array.from(audiences, (one: unknown, i) => [`audiences[${i}]`, one] as const)
      : []),
  ];
  for (const [path, value] of named) {
    if (typeof value === "string" && value.includes(":") && (/\s/.test(value) || URL.parse(value) === null)) {
      report.add(path, "must be a URI, or a text without a colon (RFC 7519 section 2)");
    }
  }
}

function cookies({ cookie }: Partial<AuthOptions>, { session }: Settings, report: Report): void {
  if (cookie !== undefined && session.mode === "bearer") {
    report.add("cookie", 'has no effect where session.mode is "bearer": leave it out');
  }
  if (typeof cookie?.domain === "string" && isPublicSuffix(cookie.domain)) {
    report.add(
      "cookie.domain",
      `must not be ${cookie.domain}: browsers keep no cookie for all who register below it`,
    );
  }
}

function origins(
  { trustedOrigins, cors, allowInsecureOrigin }: Partial<AuthOptions>,
  { origin, session }: Settings,
  report: Report,
): void {
  if (cors?.origin === "*" && session.mode === "cookie") {
    report.add(
      "cors.origin",
      'must not be "*" where session.mode is "cookie": browsers send no cookie to what anybody may read',
    );
  }
  const listed = { trustedOrigins, "cors.origin": cors?.origin };
  for (const [path, list] of Object.entries(listed)) {
    if (!origin.startsWith("https:") || allowInsecureOrigin === true || !Array.isArray(list)) continue;
    list.forEach((one: unknown, i) => {
      const url = typeof one === "string" && one.startsWith("http:") ? URL.parse(one) : null;
      if (url !== null && !isLoopback(url.hostname)) {
        report.add(
          `${path}[${i}]`,
          "must be https://: whoever is on the way can change a page of plain HTTP, and act by it",
        );
      }
    });
  }
}
