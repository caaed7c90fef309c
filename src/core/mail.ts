import { deadline } from "../base/deadline.ts";
import { isLoopback } from "../base/origin.ts";
import { AuthError } from "../errors.ts";
import type { Message } from "../model.ts";
import type { EmailSettings, SmtpOptions } from "../options/email.ts";
import type { Platform } from "../platform.ts";

/** The way out for messages. */
export interface Mail {
  /** Hands a message over. @throws {AuthError} `mail_failed` */
  readonly send: (message: Message) => Promise<void>;
  /** Does `work` behind the reply: nobody who waits for the reply can tell from its time what is done. */
  readonly behind: (work: () => Promise<void>) => void;
  /** Resolves when nothing is under way any more. */
  readonly close: () => Promise<void>;
}

const PATIENCE = 30_000; // ms

/** Mail by the application's own function, or over SMTP. */
export function mail(options: EmailSettings | null, platform: Platform): Mail {
  const underWay = new Set<Promise<void>>();
  let connection: Promise<Transport> | null = null;
  const within = deadline(platform, PATIENCE, () => new Error(`no answer within ${PATIENCE} ms`));

  async function deliver(message: Message): Promise<void> {
    if (options?.send !== undefined) return await options.send(message);
    if (options?.smtp === undefined) throw new TypeError("mail is configured wherever a feature sends some");
    connection ??= connect(options.smtp).catch((error: unknown) => {
      connection = null; // the next mail tries anew
      throw error;
    });
    // Sender and recipient are objects: as a string, nodemailer would read one as a list, and mail whoever else is in it.
    const to = { name: message.to.name ?? "", address: message.to.address };
    const { subject, text, html } = message;
    await (await connection).sendMail({ from: options.from, to, subject, text, html });
  }

  return {
    async send(message) {
      try {
        await within(deliver(message));
      } catch (cause) {
        if (cause instanceof AuthError && cause.code === "mail_failed") throw cause;
        throw new AuthError("mail_failed", undefined, { cause });
      }
    },
    behind(work) {
      const done = platform.sleep(0).then(work).catch((error: unknown) => {
        platform.log.error("A mail could not be sent.", { cause: error });
      });
      underWay.add(done);
      void done.finally(() => underWay.delete(done));
    },
    async close() {
      await Promise.all(underWay);
      (await connection?.catch(() => null))?.close();
    },
  };
}

/** As much of nodemailer's transport as is used here. */
interface Transport {
  readonly sendMail: (message: object) => Promise<unknown>;
  readonly close: () => void;
}

/** nodemailer is loaded when the first mail goes out over SMTP. */
async function connect({ host, port, user, pass, secure, name }: SmtpOptions): Promise<Transport> {
  const { createTransport } = await nodemailer();
  return createTransport({
    host,
    port,
    secure: secure ?? port === 465,
    requireTLS: user !== undefined && !isLoopback(host), // a password is never sent in clear, whoever strips STARTTLS on the way
    pool: true,
    ...(name !== undefined && { name }),
    ...(user !== undefined && { auth: { user, pass } }),
  });
}

async function nodemailer() {
  try {
    return await import("nodemailer");
  } catch (cause) {
    const remedy = "email.smtp needs the package nodemailer: npm install nodemailer, or give email.send";
    throw new AuthError("mail_failed", { remedy }, { cause });
  }
}
