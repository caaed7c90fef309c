import { utf8 } from "../base/encoding.ts";
import { isNumber, isShaped, isText, orNull } from "../base/shape.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import { collection, type Expiring, type Store } from "../store/collection.ts";
import { type Sweeper, sweeper } from "../store/sweeper.ts";
import type { Events } from "./events.ts";
import type { Foundation } from "./foundation.ts";

/** A request that is to run once, however often it is sent. */
export interface Once {
  /** What it asks for, as far as that is not in its body. */
  readonly route: string;
  /** Who asks: what one caller was answered is told to no other. */
  readonly caller: string;
  /** What the client made up for it. */
  readonly key: string;
  /** All that it says: the same key with another body is another request. */
  readonly body: string;
}

/** What came of running it. `done`: `text` is kept and answered from now on; null is kept by nobody, and yet it never runs again.
 * `failed`: it did nothing, and may be tried again. */
export type Ran<T> =
  | { readonly is: "done"; readonly reply: T; readonly text: string | null }
  | { readonly is: "failed"; readonly reply: T };

/** What it is answered: what it came to just now, or what it had come to before. */
export type Told<T> = { readonly is: "ran"; readonly reply: T } | {
  readonly is: "kept";
  readonly text: string;
};

/** Replies that are told again to whoever asks again. */
export interface Replies {
  /** Runs a request, unless it was run before.
   * @throws {AuthError} `request_in_progress` while it runs, and where nobody knows what came of it; `idempotency_conflict`; what
   * `run` throws, after which it may be tried again */
  readonly once: <T>(asked: Once, run: () => Promise<Ran<T>>) => Promise<Told<T>>;
  readonly sweepers: readonly Sweeper[];
}

/** What replies stand on. */
export interface ReplyGround {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly foundation: Foundation;
  readonly events: Events;
}

/** A reply, or the mark that it is being made. Times are in epoch milliseconds. */
interface Reply extends Expiring {
  /** The body that was asked with, hashed under the lookup key. */
  readonly body: string;
  /** Random and used once: whose mark it is. */
  readonly op: string;
  readonly begunAt: number;
  /** Null while it runs, and for ever where whoever ran it died: nobody knows whether it happened. */
  readonly sealed: string | null;
  readonly exp: number;
}

const RECORDS = { name: "replies", ids: /^[a-z2-7]{52}$/ }; // as `lookup` makes them
const SHAPE = isShaped<Reply>({
  body: isText,
  op: isText,
  begunAt: isNumber,
  sealed: orNull(isText),
  exp: isNumber,
});
const LIFE = 300_000; // ms
const PROMPT = 10_000; // ms: what has run for longer than that has most likely died
const LARGEST = 43 * 1024; // bytes: sealed, it still fits into a record

/** The replies of a store. The first swap, which creates the mark, decides who runs. A mark is never taken over: what its runner had
 * done when it died is known to nobody, so until it expires it is answered that the request is in progress. */
export function replies({ store, keyring, foundation, events }: ReplyGround): Replies {
  const { platform } = store;
  const records = collection<Reply>(store, RECORDS.name, SHAPE);

  /** What was kept, for whoever asks again. */
  async function kept(id: string, body: string, reply: Reply): Promise<string> {
    if (reply.body !== body) throw new AuthError("idempotency_conflict");
    const opened = reply.sealed === null ? null : await keyring.open("replies", reply.sealed);
    const { of, text }: { readonly of?: unknown; readonly text?: unknown } = opened?.is === "open"
      ? JSON.parse(opened.plain)
      : {};
    if (of === id && typeof text === "string") return text;
    if (opened !== null && opened.is !== "unknown") {
      throw new AuthError("storage_corrupt", {
        remedy: `the record at replies:${id} was changed by somebody else`,
      });
    }
    // Sealed under a secret that is no longer configured, it has run all the same.
    throw new AuthError("request_in_progress", { retryAfter: patience(reply, platform.now()) });
  }

  /** Keeps a text, or where there is none takes the mark away. Whatever becomes of this, the request has run or failed: a mark that
   * stays is the safe side. */
  async function settle(id: string, mark: Reply, text: string | null): Promise<void> {
    try {
      const sealed = text === null ? null : await keyring.seal("replies", JSON.stringify({ of: id, text }));
      const exp = platform.now() + LIFE;
      await records.change(id, (now) => {
        if (now?.op !== mark.op) return { next: now, result: undefined };
        return { next: sealed === null ? null : { ...now, sealed, exp }, result: undefined };
      }, mark);
    } catch (cause) {
      const message = "What came of an idempotent request could not be noted.";
      events.emit("error", { code: "storage_unavailable", message, cause });
    }
  }

  return {
    sweepers: [sweeper(RECORDS, records)],
    async once({ route, caller, key, body: said }, run) {
      await foundation.ready();
      const id = foundation.lookup("reply", [route, caller, key].join("\0"));
      const body = foundation.lookup("reply-body", said);
      const begunAt = platform.now();
      const mark: Reply = { body, op: newId(platform.random), begunAt, sealed: null, exp: begunAt + LIFE };
      const found = await records.change(id, (now) => ({ next: now ?? mark, result: now }), null);
      if (found !== null) return { is: "kept", text: await kept(id, body, found) };
      let ran;
      try {
        ran = await run();
      } catch (error) {
        await settle(id, mark, null);
        throw error;
      }
      if (ran.is === "failed") await settle(id, mark, null);
      else if (ran.text !== null && utf8(ran.text).length <= LARGEST) await settle(id, mark, ran.text);
      return { is: "ran", reply: ran.reply };
    },
  };
}

/** When to ask again, in seconds: soon while it may still be running, else when the mark is gone. */
function patience({ begunAt, sealed, exp }: Reply, now: number): number {
  const runs = sealed === null && now - begunAt < PROMPT;
  return runs ? 1 : Math.max(1, Math.ceil((exp - now) / 1000));
}
