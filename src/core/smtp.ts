import { canonicalEmail } from "../base/email.ts";
import { deadline } from "../base/deadline.ts";
import { saidBy } from "../base/hidden.ts";
import { isLoopback } from "../base/origin.ts";
import { AuthError } from "../errors.ts";
import type { Message } from "../model.ts";
import type { EmailSettings, SmtpServer } from "../options/email.ts";
import type { Platform } from "../platform.ts";

/** Servers that take mail. */
export interface Smtp {
  /** Hands a message to one of them, and resolves to the host of that one. */
  readonly send: (message: Message) => Promise<string>;
  readonly close: () => void;
}

/** As much of nodemailer's transport as is used here. */
interface Transport {
  readonly sendMail: (message: object) => Promise<unknown>;
  readonly close: () => void;
}

const PATIENCE = 30_000; // ms, for a mail
const PATIENCE_WITH_ONE = 10_000; // ms, where there are others: a dead server must not use up the patience of whoever waits
const CONNECTING = 5_000; // ms, until a server has said its first word
const REST = 60_000; // ms that a server which failed is avoided

/** A message goes to one server, by weight. Where that fails, to the next one, unless the answer was that the message itself is
 * refused for good: elsewhere it would be refused too, or arrive where it is not wanted. A server that answers nothing after it got
 * the whole message may have accepted it. Then the message is sent a second time rather than never: both have the same
 * `Message-ID`, by which mailboxes drop the second one. */
export async function smtp({ servers, from }: EmailSettings, platform: Platform): Promise<Smtp> {
  const { createTransport } = await nodemailer();
  const patience = servers.length > 1 ? PATIENCE_WITH_ONE : PATIENCE;
  const within = deadline(platform, patience, () => new Error(`no answer within ${patience} ms`));
  const transports = new Map<SmtpServer, Transport>();
  const restUntil = new Map<SmtpServer, number>();
  const [, domain = ""] = /@(.*)$/.exec(canonicalEmail(from.address) ?? "") ?? [];

  function transportOf(server: SmtpServer): Transport {
    const transport = transports.get(server) ?? createTransport(transportOptions(server));
    transports.set(server, transport);
    return transport;
  }

  async function attempt(server: SmtpServer, mail: object): Promise<void> {
    const given = new AbortController();
    try {
      await within(transportOf(server).sendMail({ ...mail, signal: given.signal }));
    } catch (error) {
      given.abort(); // nobody waits for it any more: it must not be sent later
      throw error;
    }
  }

  return {
    async send({ to, subject, text, html, locale, idempotencyKey }) {
      // Sender and recipient are objects: as a string, nodemailer would read one as a list, and mail whoever else is in it.
      const mail = {
        from,
        to: { name: to.name ?? "", address: to.address },
        subject,
        text,
        html,
        messageId: `<${idempotencyKey}@${domain}>`,
        headers: { "Auto-Submitted": "auto-generated", "Content-Language": locale }, // RFC 3834 section 5, RFC 3282
      };
      const start = platform.now();
      const failures: unknown[] = [];
      const reasons: string[] = [];
      for (const server of inOrder(servers, (one) => (restUntil.get(one) ?? 0) > start, platform.random)) {
        const isLate = platform.now() - start > PATIENCE - patience; // another attempt could outlast the patience
        if (failures.length > 0 && isLate) break;
        try {
          await attempt(server, mail);
          return server.host;
        } catch (error) {
          failures.push(error);
          reasons.push(`${server.host}: ${saidBy(error)}`);
          if (isFinal(error)) break;
          restUntil.set(server, platform.now() + REST);
        }
      }
      throw failures.length === 1 ? failures[0] : new AggregateError(failures, reasons.join("; "));
    },
    close: () => transports.forEach((transport) => transport.close()),
  };
}

/** The servers in the order in which they are asked: drawn by weight, those that rest after all others. */
export function inOrder<T extends { readonly weight: number }>(
  servers: readonly T[],
  rests: (server: T) => boolean,
  random: Platform["random"],
): readonly T[] {
  if (servers.length < 2) return servers;
  const awake = servers.filter((server) => !rests(server));
  const left = [...(awake.length > 0 ? awake : servers)];
  const drawn: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let point = random(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32 * total;
    const found = left.findIndex(({ weight }) => (point -= weight) < 0);
    drawn.push(...left.splice(found, 1));
  }
  return awake.length > 0 ? [...drawn, ...servers.filter(rests)] : drawn;
}

/** Whether a server refused this recipient or this message for good (RFC 5321 section 4.2.1). That it does not know us, or does not
 * let us send in this name, is its own affair. */
function isFinal(error: unknown): boolean {
  const { responseCode, command }: { readonly responseCode?: unknown; readonly command?: unknown } = Object(
    error,
  );
  return Number(responseCode) >= 500 && (command === "RCPT TO" || command === "DATA");
}

function transportOptions({ host, port, user, pass, secure, name }: SmtpServer): object {
  return {
    host,
    port,
    secure,
    requireTLS: user !== undefined && !isLoopback(host), // a password is never sent in clear, whoever strips STARTTLS on the way
    pool: true,
    maxRequeues: 1, // for a connection that was dropped while it was idle
    connectionTimeout: CONNECTING,
    greetingTimeout: CONNECTING,
    dnsTimeout: CONNECTING,
    socketTimeout: PATIENCE,
    ...(name !== undefined && { name }),
    ...(user !== undefined && { auth: { user, pass } }),
  };
}

async function nodemailer() {
  try {
    return await import("nodemailer");
  } catch (cause) {
    const remedy = "email.smtp needs the package nodemailer: npm install nodemailer, or give email.send";
    throw new AuthError("mail_failed", { remedy }, { cause });
  }
}
