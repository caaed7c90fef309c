/** Runs one piece of work after another, a few at a time. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

/** How many at a time, and how many may wait for that. */
export interface QueueRule {
  readonly concurrency: number;
  readonly waiting: number;
}

/** A bounded queue: first come, first served. What was let in is done, whoever waits for it.
 * @param full the error of what comes when as many wait as may */
export function queue({ concurrency, waiting }: QueueRule, full: () => Error): Queue {
  const line: (() => void)[] = [];
  let running = 0;

  /** Hands its place to whoever waits longest: the number of those that run stays as it is. */
  function leave(): void {
    const next = line.shift();
    if (next === undefined) running--;
    else next();
  }

  return async (work) => {
    if (running < concurrency) running++;
    else if (line.length >= waiting) throw full();
    else await new Promise<void>((resolve) => void line.push(resolve));
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
