import { recent } from "./recent.ts";

const HOUR = 3_600_000;
const hours = recent<string, number>(10_000);

/** A time in epoch milliseconds as ISO 8601, as `Date` tells it. What takes `Date` so long is the date, and most times are of few hours. */
export function iso(at: number): string {
  const whole = Math.trunc(at);
  const hour = Math.floor(whole / HOUR);
  const beginning = hours.get(hour) ?? hours.keep(hour, new Date(at).toISOString().slice(0, -10), 1);
  const ms = whole - hour * HOUR;
  const digits = String(10_000_000 + ms + Math.floor(ms / 60_000) * 40_000); // 1mmssmmm: a minute is 60,000 of them, not 100,000
  return `${beginning}${digits.slice(1, 3)}:${digits.slice(3, 5)}.${digits.slice(5)}Z`;
}
