/** A length of time: seconds, or a number with a unit: `"30s"`, `"15m"`, `"12h"`, `"30d"`. */
export type Duration = number | `${number}${"s" | "m" | "h" | "d"}`;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** The seconds of a duration, or null where it is none (negative, fractions of seconds, other units). */
export function seconds(duration: unknown): number | null {
  const value = typeof duration === "string" ? spelled(duration) : duration;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function spelled(text: string): number | null {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  return Number(digits) * SECONDS[unit as keyof typeof SECONDS]; // the expression admits these four letters alone
}
