import { inspect } from "node:util";

/** Secrets that stand where they may not: in lines of the log, in kept replies. Empty, if all is well. Codes are short, so one counts
 * only where it stands alone. */
export function leaks(written: readonly unknown[], secrets: Iterable<string>): readonly string[] {
  const text = written.map((one) => typeof one === "string" ? one : inspect(one, { depth: 20 })).join("\n");
  return [...new Set(secrets)].filter((secret) =>
    secret.length > 12 ? text.includes(secret) : new RegExp(`(?<![\\w-])${secret}(?![\\w-])`).test(text)
  );
}

/** The secrets in what a method answered, and in the cookies that came with it. */
export function secretsIn(result: unknown, cookies: readonly string[]): readonly string[] {
  const { accessToken, refreshToken, deviceToken }: Readonly<Record<string, unknown>> = Object(result);
  const values = cookies.flatMap((cookie) => cookie.split(";")[0]?.split("=")[1] ?? []);
  return [accessToken, refreshToken, deviceToken, ...values]
    .filter((value) => typeof value === "string" && value !== "") as readonly string[]; // just looked at
}
