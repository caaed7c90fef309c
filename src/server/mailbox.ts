import { AsyncLocalStorage } from "node:async_hooks";
import type { Message } from "../../mod.ts";

/** Mail for development, where there is no server that takes it: shown in the terminal, and at `GET /dev/mailbox`. Only to
 * requests that come from this machine and through nobody: what is shown here lets anybody in. */
export interface Mailbox {
  /** Shows a message. Rejects outside `during` a local request. */
  readonly send: (message: Message) => Promise<void>;
  /** Does `work` as part of a request. */
  readonly during: <T>(request: Request, work: () => Promise<T>) => Promise<T>;
  /** Where the messages are shown: a path that only who reads the terminal knows. Some proxies leave no trace of themselves. */
  readonly path: string;
  /** The last messages, newest first; null for a request that is not local, or does not know the path. */
  readonly show: (request: Request) => readonly Shown[] | null;
}

/** What of a message is shown. */
export type Shown = Pick<Message, "to" | "subject" | "text">;

const KEPT = 20;
const HANDED_ON = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/i;
const LINE = "-".repeat(72);

/** A mailbox for requests to `host`, which is that of the base URL. */
export function mailbox(host: string, print: (text: string) => void, key: string): Mailbox {
  const local = new AsyncLocalStorage<boolean>();
  const kept: Shown[] = [];

  /** Another name in `Host` is a page elsewhere whose name leads here (DNS rebinding); a trace of a proxy is somebody elsewhere. */
  function isLocal({ headers }: Request): boolean {
    return headers.get("host")?.toLowerCase() === host &&
      [...headers.keys()].every((name) => !HANDED_ON.test(name));
  }

  return {
    send({ to, subject, text }) {
      if (local.getStore() !== true) {
        return Promise.reject(
          new Error(`mail is shown here only to who asks http://${host} from this machine itself`),
        );
      }
      kept.unshift({ to, subject, text });
      kept.splice(KEPT);
      print(`\n${LINE}\nTo: ${to.address}\nSubject: ${subject}\n\n${text.trimEnd()}\n${LINE}`);
      return Promise.resolve();
    },
    during: (request, work) => local.run(isLocal(request), work),
    path: `/dev/mailbox?key=${key}`,
    show: (request) => isLocal(request) && new URL(request.url).search === `?key=${key}` ? kept : null,
  };
}
