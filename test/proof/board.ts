// What processes that hammer on one store tell each other, so that they race for the same: which steps wait for a code, and who holds
// which tokens.
import type { SessionMode } from "../../src/model.ts";

/** A step that waits for its code. */
export interface Waiting {
  readonly email: string;
  readonly challenge: string;
  readonly code: string;
  /** When the mail with the code was asked for. */
  readonly mailed: number;
}

/** A session, and what its owner shows. */
export interface Held {
  readonly user: string;
  readonly email: string | null;
  readonly session: string;
  readonly by: SessionMode;
  readonly headers: Readonly<Record<string, string>>;
  /** The newest that is known, and the first that was. */
  readonly tokens: readonly [newest: string, first: string] | null;
}

/** One of them, as one process tells the others. */
export type Post = { readonly waiting: Waiting } | { readonly held: Held };

/** What is known now, the newest last. */
export interface Board {
  readonly waiting: readonly Waiting[];
  readonly held: readonly Held[];
  /** Hangs up what somebody else has told. */
  readonly take: (post: Post) => void;
  /** Hangs it up, and tells the others. */
  readonly tell: (post: Post) => void;
}

const ROOM = 40;

/** An empty board. */
export function board(tell: (post: Post) => void): Board {
  const waiting = new Map<string, Waiting>();
  const held = new Map<string, Held>();

  function take(post: Post): void {
    if ("waiting" in post) hang(waiting, post.waiting.challenge, post.waiting);
    else hang(held, post.held.session, post.held);
  }

  return {
    get waiting() {
      return [...waiting.values()];
    },
    get held() {
      return [...held.values()];
    },
    take,
    tell(post) {
      take(post);
      tell(post);
    },
  };
}

function hang<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name); // it is the newest now
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > ROOM && oldest !== undefined) map.delete(oldest);
}
