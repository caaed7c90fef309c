import { afterEach, expect, test, vi } from "vitest";
import { sweepHourly } from "../../src/server/housekeeping.ts";

const HOUR = 3_600_000;

afterEach(() => void vi.useRealTimers());

test("the server sweeps every hour until it is stopped, one sweep at a time", async () => {
  vi.useFakeTimers();
  let [begun, done] = [0, () => {}];
  const stop = sweepHourly(() => {
    begun++;
    return new Promise<void>((resolve) => done = resolve);
  }, () => {});
  vi.advanceTimersByTime(HOUR - 1);
  expect(begun).toBe(0);
  vi.advanceTimersByTime(1);
  expect(begun).toBe(1);
  vi.advanceTimersByTime(2 * HOUR);
  expect(begun).toBe(1); // the first one is not done
  done();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  vi.advanceTimersByTime(HOUR);
  expect(begun).toBe(2);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("a sweep that fails is told, and the next one comes", async () => {
  vi.useFakeTimers();
  const told: string[] = [];
  let begun = 0;
  const stop = sweepHourly(() => {
    begun++;
    return Promise.reject(new Error("the disk is full"));
  }, (message) => told.push(message));
  for (let hour = 0; hour < 2; hour++) {
    vi.advanceTimersByTime(HOUR);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  stop();
  expect([begun, told]).toEqual([2, Array(2).fill("The hourly sweep of the store failed: the disk is full")]);
});
