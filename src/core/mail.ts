import { deadline } from "../base/deadline.ts";
import { loaded } from "../base/lazy.ts";
import { keepBack } from "../base/hidden.ts";
import { languageTag } from "../base/language.ts";
import type { Mails } from "../contract.ts";
import { AuthError } from "../errors.ts";
import type { Message } from "../model.ts";
import type { EmailSettings } from "../options/email.ts";
import type { Platform } from "../platform.ts";
import type { Bounces } from "./bounces.ts";
import type { Events } from "./events.ts";
import type { Letter } from "./mail_text.ts";
import type { Smtp } from "./smtp.ts";

/** The way out for messages. */
export interface Mail {
  /** The way to an address. Whether anything may be mailed there, the store is asked at once, so do it beside what else it is
   * asked; and do it where nobody is mailed too, if nobody may see the difference. */
  readonly to: (to: Message["to"]) => Way;
  /** Lets nothing be mailed to an address for a day, and resolves to when that ends, in epoch milliseconds. */
  readonly bounced: (address: string) => Promise<number>;
  /** The language that a request asks for by `email.locale`; null where nothing is known of it. Never fails. */
  readonly localeOf: (request: Request) => Promise<string | null>;
  /** Does `work` behind the reply: nobody who waits for the reply can tell from its time what is done. */
  readonly behind: (work: () => Promise<void>) => void;
  /** Resolves when nothing is under way any more. */
  readonly close: () => Promise<void>;
}

/** Words a message and hands it over, unless mail to the address has bounced lately: then it is as if it had been sent.
 * @throws {AuthError} `mail_failed`; what the store throws */
export type Way = (letter: Letter) => Promise<void>;

/** What mail stands on. */
interface Ground {
  readonly platform: Platform;
  readonly events: Events;
  readonly mails: Mails;
  readonly bounces: Bounces;
}

const PATIENCE = 30_000; // ms
const PATIENCE_FOR_LOCALE = 1000; // ms: whoever asks waits for it

/** Mail in the words of the application or in ours, by the application's own function or over SMTP. */
export function mail(
  options: EmailSettings | null,
  { platform, events, mails, bounces }: Ground,
): Mail {
  const underWay = new Set<Promise<void>>();
  let servers: Promise<Smtp> | null = null;
  const patience = (ms: number) => deadline(platform, ms, () => new Error(`no answer within ${ms} ms`));
  const words = loaded(() => import("./mail_text.ts")); // many processes mail nobody
  const within = patience(PATIENCE);
  const withinMoment = patience(PATIENCE_FOR_LOCALE);

  /** Resolves to what may be told of it. */
  async function deliver(to: Message["to"], letter: Letter): Promise<{ locale: string; server?: string }> {
    if (options === null) throw new TypeError("mail is configured wherever a feature sends some");
    const { compose } = await words();
    const message = { to, ...await within(compose(letter, options, mails)) };
    const { send } = options;
    const { locale } = message;
    if (send !== undefined) {
      await within((async () => await send(message))());
      return { locale };
    }
    servers ??= import("./smtp.ts").then(({ smtp }) => smtp(options, platform)).catch((error: unknown) => {
      servers = null; // the next mail tries anew
      throw error;
    });
    return { locale, server: await (await servers).send(message) };
  }

  return {
    to(to) {
      const bounced = bounces.has(to.address);
      bounced.catch(() => {}); // told to whoever sends
      return async (letter) => {
        const { kind, userId, client } = letter;
        const which = { kind, ...(userId !== undefined && { userId }) };
        if (await bounced) return events.emit("mail.failed", { ...which, reason: "bounced" }, client);
        try {
          events.emit("mail.sent", { ...which, ...await deliver(to, letter) }, client);
        } catch (thrown) {
          const cause = keepBack(thrown, Object.values(letter.data));
          events.emit("mail.failed", { ...which, reason: "failed" }, client);
          if (cause instanceof AuthError && cause.code === "mail_failed") throw cause;
          throw new AuthError("mail_failed", undefined, { cause });
        }
      };
    },
    bounced: bounces.note,
    async localeOf(request) {
      if (options === null || options.localeOf === null) return null;
      const { localeOf } = options;
      try {
        return languageTag(await withinMoment((async () => await localeOf(request))()));
      } catch (cause) {
        const message = "email.locale failed: the mail is in the usual language.";
        events.emit("error", { code: "internal", message, cause });
        return null;
      }
    },
    behind(work) {
      const done = platform.sleep(0).then(work).catch((error: unknown) => {
        events.emit("error", { code: "mail_failed", message: "A mail could not be sent.", cause: error });
      });
      underWay.add(done);
      void done.finally(() => underWay.delete(done));
    },
    async close() {
      await Promise.all(underWay);
      (await servers?.catch(() => null))?.close();
    },
  };
}
