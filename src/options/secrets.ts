import type { Report } from "../base/report.ts";

/** The secrets, the first one first. */
export function secretList(given: unknown, report: Report): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? [...given] : [given];
  const advice = "make one with `openssl rand -base64 32`";
  if (list.length === 0) report.add("secret", `must hold at least one secret: ${advice}`);
  if (new Set(list).size < list.length) report.add("secret", "must not hold a secret twice");
  return list.map((secret, i) => {
    const path = Array.isArray(given) ? `secret[${i}]` : "secret";
    if (typeof secret !== "string") report.add(path, `must be a string of at least 32 characters: ${advice}`);
    else if (secret.length < 32) {
      report.add(path, `must be at least 32 characters long: it has ${secret.length}; ${advice}`);
    } else if (new Set(secret).size < 8) report.add(path, `must not repeat a few characters: ${advice}`);
    return String(secret);
  });
}
