import { recent } from "./recent.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TWO = padded(60, 2);
const THREE = padded(1000, 3);
const dates = recent<string, number>(1000);

/** A time in epoch milliseconds as ISO 8601, as `Date` tells it. What takes `Date` so long is the date, and most times are of few days. */
export function iso(at: number): string {
  const whole = Math.trunc(at);
  const day = Math.floor(whole / DAY);
  const date = dates.get(day) ?? dates.keep(day, new Date(at).toISOString().slice(0, -13), 1);
  const ms = whole - day * DAY;
  const hour = TWO[Math.floor(ms / HOUR)];
  const minute = TWO[Math.floor(ms / MINUTE) % 60];
  const second = TWO[Math.floor(ms / SECOND) % 60];
  return `${date}${hour}:${minute}:${second}.${THREE[ms % SECOND]}Z`;
}

function padded(count: number, length: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => String(n).padStart(length, "0"));
}
