import { canonicalEmail } from "../base/email.ts";
import { isLoopback } from "../base/origin.ts";
import { languageTag } from "../base/language.ts";
import type { Report } from "../base/report.ts";
import type { MailTemplate, MailTemplates, Message } from "../model.ts";

/** How mail is sent: by `send`, or over SMTP. */
export interface EmailOptions {
  /** The sender: `Example <no-reply@example.com>`, or an address alone. */
  readonly from: string;
  /** Sends a message; rejects where it could not. */
  readonly send?: (message: Message) => void | Promise<void>;
  /** A server that takes mail, or several: each mail goes to one of them, by weight, and to the next one where that fails. */
  readonly smtp?: SmtpOptions | readonly WeightedSmtp[];
  /** Pages of your own to which links in mails lead. `?token=…` is appended. */
  readonly links?: LinkPages;
  /** Mails in your own words. */
  readonly templates?: MailTemplates;
  /** The language of mails: always the same one, or the one that a request asks for. Its body has been read by then. Without an
   * answer, with one that is no language tag, and where it throws, it is English. @default {"en"} */
  readonly locale?: string | RequestLocale;
}

/** Pages of your own to which links in mails lead: `https://app.example.com/signed-in`. */
export interface LinkPages {
  /** Posts the token to `POST /magic-link/verify`, once somebody has asked for that: programs that look at mail open links too.
   * @default {"GET /magic-link", a page with one button} */
  readonly magicLink?: string;
  /** Where somebody sets a password anew, and posts it with the token to `POST /password/reset/finish`. `password` needs it. */
  readonly reset?: string;
}

/** Says in which language whoever sends a request reads mail: `"de"`, `"de-AT"`. */
export type RequestLocale = (
  request: Request,
) => string | null | undefined | Promise<string | null | undefined>;

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

/** One of several servers that take mail. */
export interface WeightedSmtp extends SmtpOptions {
  /** Its share of the mails beside those of the others, 1 to 1000. @default {1} */
  readonly weight?: number;
}

/** The same after all checks. */
export interface EmailSettings {
  readonly from: Required<Message["to"]>;
  /** Undefined where it goes over SMTP. */
  readonly send: EmailOptions["send"];
  readonly servers: readonly SmtpServer[];
  readonly links: LinkPages;
  readonly templates: Readonly<Record<string, AnyTemplate>>;
  /** The language where no other one is asked for. */
  readonly locale: string;
  /** Null where requests are not asked. */
  readonly localeOf: RequestLocale | null;
}

/** A server, with everything filled in. */
export type SmtpServer = WeightedSmtp & Required<Pick<WeightedSmtp, "weight" | "secure">>;

/** A template of any kind, for all languages or by language tag. */
export type AnyTemplate = MailTemplate<never> | Readonly<Record<string, MailTemplate<never>>>;

const DEFAULTS = {
  locale: "en",
  port: { min: 1, max: 65_535, fallback: 587 },
  weight: { min: 1, max: 1000, fallback: 1 },
  securePort: 465, // RFC 8314 section 3.3
} as const;

const MEMBERS = ["from", "send", "smtp", "links", "templates", "locale"] as const;
const SERVER = ["host", "port", "user", "pass", "secure", "name"] as const;

/** Checks them. Whether the kinds of `templates` exist is asked where all features are known. `origin` is that of `baseUrl`. */
export function emailSettings(
  given: EmailOptions | undefined,
  origin: string,
  report: Report,
): EmailSettings | null {
  if (given === undefined) return null;
  const { from, send, smtp, links, templates, locale } = report.object("email", given, MEMBERS);
  if ((send === undefined) === (smtp === undefined)) {
    report.add("email", "must have either send(message) or smtp");
  }
  if (send !== undefined && typeof send !== "function") {
    report.add("email.send", "must be a function that takes a message");
  }
  return {
    from: senderOf(from, report),
    send,
    servers: smtp === undefined ? [] : serversOf(smtp, report),
    links: linksOf(links, origin, report),
    templates: templatesOf(templates, report),
    ...localeOf(locale, report),
  };
}

function senderOf(from: unknown, report: Report): EmailSettings["from"] {
  const text = typeof from === "string" ? from : "";
  const [, name = "", address = text] = /^([^<>]*)<([^<>]*)>$/.exec(text) ?? [];
  if (/\p{Cc}/u.test(text) || canonicalEmail(address) === null) {
    report.add("email.from", 'must be an address like "Example <no-reply@example.com>"');
  }
  return { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
}

function serversOf(given: SmtpOptions | readonly WeightedSmtp[], report: Report): readonly SmtpServer[] {
  if (!Array.isArray(given)) return [serverOf("email.smtp", given as SmtpOptions, SERVER, report)];
  if (given.length === 0) report.add("email.smtp", "must hold at least one server");
  const members = [...SERVER, "weight"] as const;
  // A list with holes has a member there too: none.
  return Array.from(given, (one, i) => serverOf(`email.smtp[${i}]`, one ?? null, members, report));
}

function serverOf(
  path: string,
  given: WeightedSmtp,
  members: readonly (keyof WeightedSmtp)[],
  report: Report,
): SmtpServer {
  const smtp = report.object(path, given, members);
  const { host, user, pass } = smtp;
  if (typeof host !== "string" || host === "") report.add(`${path}.host`, "must be the name of a server");
  const port = report.integer(`${path}.port`, smtp.port ?? null, DEFAULTS.port); // it has no default
  const secure = report.flag(`${path}.secure`, smtp.secure, port === DEFAULTS.securePort);
  for (const name of ["user", "pass", "name"] as const) {
    if (smtp[name] !== undefined && typeof smtp[name] !== "string") {
      report.add(`${path}.${name}`, "must be a text");
    }
  }
  if ((user === undefined) !== (pass === undefined)) {
    report.add(path, "must have both user and pass, or neither");
  }
  const weight = report.integer(`${path}.weight`, smtp.weight, DEFAULTS.weight);
  return { ...smtp, host: String(host), port, secure, weight };
}

function linksOf(given: LinkPages | undefined, origin: string, report: Report): LinkPages {
  const links = report.object("email.links", given, ["magicLink", "reset"]);
  for (const [name, page] of Object.entries(links)) {
    const url = typeof page === "string" ? URL.parse(page) : null;
    const isSafe = url?.protocol === "https:" || url?.origin === origin ||
      (url?.protocol === "http:" && isLoopback(url.hostname));
    if (url === null || !isSafe || url.username !== "" || url.password !== "" || url.hash !== "") {
      report.add(
        `email.links.${name}`,
        'must be the address of a page, like "https://app.example.com/sign-in"',
      );
    }
  }
  return links;
}

function templatesOf(given: MailTemplates | undefined, report: Report): EmailSettings["templates"] {
  const kinds = Object.keys(Object(given)) as (keyof MailTemplates)[]; // all of them: which there are is asked elsewhere
  const templates = Object.entries(report.object("email.templates", given, kinds));
  return Object.fromEntries(templates.map(([kind, one]) => [kind, templateOf(kind, one, report)]));
}

function templateOf(kind: string, given: unknown, report: Report): AnyTemplate {
  const path = `email.templates["${kind}"]`;
  if (typeof given === "function") return given as MailTemplate<never>; // what it takes and gives is up to whoever wrote it
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    report.add(path, `${TEMPLATE_IS}, or such a function for each language`);
    return {};
  }
  const wordings = Object.entries(given).map(([locale, one]) => {
    const tag = languageTag(locale);
    if (tag === null) report.add(`${path}.${locale}`, 'is no language tag like "de" or "de-AT"');
    else if (typeof one !== "function") report.add(`${path}.${locale}`, TEMPLATE_IS);
    return [tag, one];
  });
  return Object.fromEntries(wordings);
}

const TEMPLATE_IS = "must be a function (data, locale) => ({ subject, text, html? })";

function localeOf(given: unknown, report: Report): Pick<EmailSettings, "locale" | "localeOf"> {
  if (typeof given === "function") {
    return { locale: DEFAULTS.locale, localeOf: given as RequestLocale }; // what it answers is looked at each time
  }
  const tag = languageTag(given ?? DEFAULTS.locale);
  if (tag === null || given === null) {
    report.add("email.locale", 'must be a language tag like "de", or a function (request) => tag');
  }
  return { locale: tag ?? DEFAULTS.locale, localeOf: null };
}
