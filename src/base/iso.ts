import { recent } from "./recent.ts";

const DAY = 86_400_000;
const THREE = Array.from({ length: 1000 }, (_, n) => `00${n}`.slice(-3));
const TWO = THREE.slice(0, 60).map((digits) => digits.slice(1));
const dates = recent<string, number>(1000);

/** A time in epoch milliseconds as ISO 8601, as `Date` tells it. What takes `Date` so long is the date, and most times are of few days. */
export function iso(at: number): string {
  const whole = Math.trunc(at);
  const day = Math.floor(whole / DAY);
  const date = dates.get(day) ?? dates.keep(day, new Date(at).toISOString().slice(0, -13), 1);
  const ms = whole - day * DAY;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${date}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${
    THREE[ms % 1000]
  }Z`;
}
