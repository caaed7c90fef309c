import { canonicalEmail } from "../base/email.ts";
import type { Report } from "../base/report.ts";
import type { Message } from "../model.ts";

/** How mail is sent: by `send`, or over SMTP. */
export interface EmailOptions {
  /** The sender: `Example <no-reply@example.com>`, or an address alone. */
  readonly from: string;
  /** Sends a message; rejects where it could not. */
  readonly send?: (message: Message) => void | Promise<void>;
  /** A server that takes mail. */
  readonly smtp?: SmtpOptions;
}

/** A server that takes mail (RFC 5321). */
export interface SmtpOptions {
  /** Its name or address. */
  readonly host: string;
  /** Its port: 465 for `secure`, 587 usually otherwise. */
  readonly port: number;
  /** Who signs in there. */
  readonly user?: string;
  /** With which password. */
  readonly pass?: string;
  /** TLS from the first byte; without it STARTTLS where the server offers it, and always where a password is sent to another
   * machine. @default {port === 465} */
  readonly secure?: boolean;
  /** The name that this client gives in EHLO. */
  readonly name?: string;
}

/** The same after all checks. */
export interface EmailSettings extends Omit<EmailOptions, "from"> {
  readonly from: Required<Message["to"]>;
}

/** Checks them. */
export function emailSettings(given: EmailOptions | undefined, report: Report): EmailSettings | null {
  if (given === undefined) return null;
  const { from, send, smtp } = report.object("email", given, ["from", "send", "smtp"]);
  const text = typeof from === "string" ? from : "";
  const [, name = "", address = text] = /^([^<>]*)<([^<>]*)>$/.exec(text) ?? [];
  if (/\p{Cc}/u.test(text) || canonicalEmail(address) === null) {
    report.add("email.from", 'must be an address like "Example <no-reply@example.com>"');
  }
  if ((send === undefined) === (smtp === undefined)) {
    report.add("email", "must have either send(message) or smtp");
  }
  if (send !== undefined && typeof send !== "function") {
    report.add("email.send", "must be a function that takes a message");
  }
  if (smtp !== undefined) checkSmtp(smtp, report);
  const sender = { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
  return { from: sender, ...(send && { send }), ...(smtp && { smtp: { ...smtp } }) };
}

function checkSmtp(given: SmtpOptions, report: Report): void {
  const smtp = report.object("email.smtp", given, ["host", "port", "user", "pass", "secure", "name"]);
  if (typeof smtp.host !== "string" || smtp.host === "") {
    report.add("email.smtp.host", "must be the name of a server");
  }
  report.integer("email.smtp.port", smtp.port ?? null, { min: 1, max: 65_535, fallback: 587 }); // it has no default
  report.flag("email.smtp.secure", smtp.secure, false);
  for (const name of ["user", "pass", "name"] as const) {
    if (smtp[name] !== undefined && typeof smtp[name] !== "string") {
      report.add(`email.smtp.${name}`, "must be a text");
    }
  }
  if ((smtp.user === undefined) !== (smtp.pass === undefined)) {
    report.add("email.smtp", "must have both user and pass, or neither");
  }
}
