import type { Report } from "../base/report.ts";
import type { Call, Place } from "../contract.ts";

/** Names that mean something on `auth`, or will. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["handler", "getSession", "requireSession", "cookies", "clearCookies", "ready", "sweep", "close"],
  ...[
    "health",
    "on",
    "limit",
    "idempotent",
    "explain",
    "openapi",
    "permit",
    "storage",
    "signingKeys",
    "jwks",
  ],
  ...[
    "account",
    "accounts",
    "users",
    "user",
    "sessions",
    "session",
    "challenges",
    "devices",
    "device",
    "mail",
    "email",
  ],
  ...[
    "emailOtp",
    "magicLink",
    "password",
    "passkey",
    "key",
    "oauth",
    "totp",
    "mfa",
    "identifiers",
    "invites",
  ],
  ...["plugins", "plugin", "wellKnown", "admin", "roles", "pages", "registration", "redirects", "signIn"],
  ...["then", "constructor", "toString", "valueOf", "toJSON", "hasOwnProperty", "refresh", "signUp", "keys"],
  ...["request", "error", "origin", "limits", "rateLimit"],
]);

/** Notes why a plug-in does not fit in: its name, or an address, is somebody else's. */
export function fit(
  name: string,
  calls: Readonly<Record<string, Call>>,
  { names, calls: others }: Place,
  report: Report,
): void {
  const path = `plugins.${name}`;
  if (RESERVED.has(name) || names.includes(name)) {
    report.add(path, "must have another name: this one is taken");
  }
  const taken = [...others];
  for (const [method, call] of Object.entries(calls)) {
    const [operation] = taken.find(([, other]) => meet(call, other)) ?? [];
    if (operation !== undefined) {
      report.add(path, `must have another address than "${call}": ${operation} has it`);
    }
    taken.push([`${name}.${method}`, call]);
  }
}

/** Whether one request may lead to both. */
export function meet(one: Call, other: Call): boolean {
  const [a, b] = [one, other].map((call) => call.split(/[ /]/));
  return a?.length === b?.length &&
    a?.every((part, i) => part === b?.[i] || (i > 0 && (part.startsWith(":") || b?.[i]?.startsWith(":")))) ===
      true;
}
