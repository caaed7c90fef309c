import { inspect } from "node:util";

/** Secrets that stand where they may not: in lines of the log, in kept replies. Empty, if all is well. Codes are short, so one counts
 * only where it stands alone. */
export function leaks(written: readonly unknown[], secrets: Iterable<string>): readonly string[] {
  const whole = { depth: 20, maxArrayLength: null, maxStringLength: null };
  const text = written.map((one) => typeof one === "string" ? one : inspect(one, whole)).join("\n");
  return [...new Set(secrets)].filter((secret) =>
    secret.length > 12 ? text.includes(secret) : new RegExp(`(?<![\\w-])${secret}(?![\\w-])`).test(text)
  );
}

/** A code as it is mailed, and as it is typed. */
export function spellings(code: string): readonly string[] {
  return [code, code.replaceAll("-", "")];
}

/** The secrets in what a method answered, and in the cookies that came with it. */
export function secretsIn(result: unknown, cookies: readonly string[]): readonly string[] {
  const { accessToken, refreshToken, deviceToken }: Readonly<Record<string, unknown>> = Object(result);
  const values = cookies.flatMap((cookie) => cookie.split(";")[0]?.split("=")[1] ?? []);
  return [accessToken, refreshToken, deviceToken, ...values]
    .filter((value) => typeof value === "string" && value !== "") as readonly string[]; // just looked at
}
