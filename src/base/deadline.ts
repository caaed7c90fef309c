import { isPromise } from "./after.ts";

/** Time, as a deadline needs it. */
export interface Time {
  /** Milliseconds since 1970 (UTC). */
  readonly now: () => number;
  /** Resolves after `ms` milliseconds; `background` does not keep the process alive. */
  readonly sleep: (ms: number, background?: boolean) => Promise<void>;
}

/** Rejects what has not settled in time. What is no promise is there at once, and passes as it is. */
export type Within = <T>(work: T | Promise<T>) => T | Promise<T>;

interface Waiting {
  readonly until: number;
  readonly fail: (error: Error) => void;
}

/** A time that all calls have alike. They run out in the order in which they began, so one timer does for all.
 * @param ms how long each may take
 * @param late the error of one that took longer */
export function deadline({ now, sleep }: Time, ms: number, late: () => Error): Within {
  const pending = new Set<Waiting>();
  let watching = false;

  /** What a call has left. More than all of it says that the clock was put back since, and it has waited for long enough. */
  function left({ until }: Waiting): number {
    const time = until - now();
    return time > ms ? 0 : time;
  }

  async function watch(): Promise<void> {
    watching = true;
    for (let first = next(pending); first !== undefined; first = next(pending)) {
      await sleep(Math.max(left(first), 1), true);
      for (const call of pending) {
        if (left(call) > 0) break;
        pending.delete(call);
        call.fail(late());
      }
    }
    watching = false;
  }

  return (work) => {
    if (!isPromise(work)) return work;
    return new Promise((resolve, reject) => {
      const call: Waiting = { until: now() + ms, fail: reject };
      pending.add(call);
      if (!watching) void watch();
      const telling = <V>(tell: (value: V) => void) => (value: V) => {
        pending.delete(call);
        tell(value);
      };
      work.then(telling(resolve), telling(reject));
    });
  };
}

function next(pending: ReadonlySet<Waiting>): Waiting | undefined {
  for (const call of pending) return call;
  return undefined;
}
