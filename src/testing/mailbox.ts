import type { Message } from "../model.ts";

/** Keeps what was mailed, in place of a mail server. */
export interface Mailbox {
  /** What `email.send` is to be. Rejects as long as the box is out of order. */
  readonly send: (message: Message) => Promise<void>;
  /** All messages, oldest first. */
  readonly messages: readonly Message[];
  /** The newest message to an address. @throws {Error} where there is none */
  readonly last: (address: string) => Message;
  /** The code in the newest message to an address that has one: what its owner is told besides may come at any time.
   * @throws {Error} where there is none */
  readonly code: (address: string) => string;
  /** The link in the newest message to an address that has one. @throws {Error} where there is none */
  readonly link: (address: string) => string;
  /** Makes every delivery fail, or work again. */
  readonly broken: (isBroken: boolean) => void;
}

/** An empty mailbox.
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { mailbox } from "@latchkey/auth/testing";
 *
 * const { code, send } = mailbox();
 * const secret = "a-secret-of-32-characters-or-more";
 * const email = { from: "no-reply@example.com", send };
 * const auth = createAuth({ secret, baseUrl: "http://localhost:3000", email, emailOtp: true });
 * await auth.emailOtp.start({ email: "ada@example.com" });
 * console.log(code("ada@example.com")); // six digits
 * ``` */
export function mailbox(): Mailbox {
  const messages: Message[] = [];
  let isBroken = false;
  function last(address: string): Message {
    const message = messages.findLast(({ to }) => to.address === address);
    if (message === undefined) throw new Error(`nothing was mailed to ${address}`);
    return message;
  }
  function told(name: "code" | "link", address: string): string {
    const { data } = messages.findLast(({ to, data }) => to.address === address && name in data) ??
      last(address);
    const text = data[name];
    if (text === undefined) throw new Error(`no mail to ${address} has a ${name}`);
    return text;
  }
  return {
    messages,
    last,
    code: (address) => told("code", address),
    link: (address) => told("link", address),
    send(message) {
      if (isBroken) return Promise.reject(new Error("the mail server is out of order"));
      messages.push(message);
      return Promise.resolve();
    },
    broken: (now) => void (isBroken = now),
  };
}
