// Writes down what a store is asked and what it answers, for `linearizable.ts` to judge.
import type { Driver } from "../../src/store/driver.ts";
import type { Operation } from "./linearizable.ts";

/** A clock that is shared by all who write a history. */
export interface Clock {
  /** Now, or a moment ago. */
  readonly since: () => number;
  /** Now, or in a moment. */
  readonly until: () => number;
  /** How many of it there are in a second; 0 for one that does not go by time: whatever has a life may end at any moment on it. */
  readonly second: number;
}

/** Who writes down, by which clock, and where: more is added to the end. */
export interface Recorder {
  readonly process: string;
  readonly clock: Clock;
  readonly history: Operation[];
  /** What is noted in place of a text: something shorter that is another one for every other text. */
  readonly shortened?: (text: string) => string;
}

/** A clock for one process: every look at it is later than the one before. */
export function counter(): Clock {
  let count = 0;
  const next = () => ++count;
  return { since: next, until: next, second: 0 };
}

/** By how much a life may end early, in seconds: stores count in milliseconds, each by a clock of its own. */
const EARLY = 0.01;

const TICKS = 5; // of the machine's clock, each of which narrows down how far off ours may be

/** The machine's clock in milliseconds, finer than `Date.now()` tells it, and the same in all its processes. How long a process runs is
 * known finely, but not everywhere since when; so that is found between two looks at the moment at which `Date.now()` moves on. */
export function machineClock(): Clock {
  let [least, most] = [-Infinity, Infinity]; // of when this process began
  for (let tick = 0; tick < TICKS; tick++) {
    let earlier = performance.now();
    const standing = Date.now();
    for (let at = standing; at === standing;) {
      const look = performance.now();
      at = Date.now();
      if (at === standing) earlier = look;
      else [least, most] = [Math.max(least, at - performance.now()), Math.min(most, standing + 1 - earlier)];
    }
  }
  return {
    since: () => least + performance.now(),
    until: () => most + performance.now(),
    second: 1000,
  };
}

/** A driver whose reads and swaps are written down. */
export function recording(driver: Driver, recorder: Recorder): Driver {
  const { process, clock, history, shortened = (text) => text } = recorder;
  const short = (text: string | null) => text === null ? null : shortened(text);

  const asked = (key: string) => ({ process, key, asked: clock.since(), answered: null });
  /** What is on its way stands in the history without an answer. */
  const begun = (pending: Operation) => {
    const place = history.push(pending) - 1;
    return (reply: Operation["reply"]) => {
      const answered = clock.until();
      const told = typeof reply === "string" ? shortened(reply) : reply;
      history[place] = { ...pending, answered, reply: told } as Operation; // as its kind answers
    };
  };

  return {
    ...driver,
    async getItem(key) {
      const answer = begun({ ...asked(key), name: "get", reply: null });
      const text = await driver.getItem(key) ?? null;
      answer(text);
      return text;
    },
    async swap(key, expected, next, options) {
      const pending = asked(key);
      const ttl = options?.ttl;
      const expires = ttl === undefined ? null : pending.asked + (ttl - EARLY) * clock.second;
      const texts = { expected: short(expected), next: short(next) };
      const answer = begun({ ...pending, name: "swap", ...texts, expires, reply: false });
      const reply = await driver.swap(key, expected, next, options);
      answer(reply);
      return reply;
    },
  };
}
