import { AuthError } from "../errors.ts";

const ROOM = 1024;

/** Lets the writers of one key take turns, so that only other processes can be faster. `turn` is told whether it had to wait. */
export type Line = <R>(key: string, turn: (waited: boolean) => Promise<R>) => Promise<R>;

interface Queue {
  tail: Promise<unknown>;
  waiting: number;
}

/** A line per key, with room for 1,024; it is gone when nobody stands in it. */
export function line(): Line {
  const queues = new Map<string, Queue>();
  return (key, turn) => {
    const queue = queues.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= ROOM) {
      return Promise.reject(
        new AuthError("storage_unavailable", { remedy: "too many requests for one record" }),
      );
    }
    queues.set(key, queue);
    const waited = queue.waiting++ > 0;
    const begin = () => turn(waited);
    const mine = queue.tail.then(begin, begin);
    queue.tail = mine;
    const leave = () => {
      if (--queue.waiting === 0) queues.delete(key);
    };
    mine.then(leave, leave);
    return mine;
  };
}
