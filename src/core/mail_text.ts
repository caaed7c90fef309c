import { languageTag } from "../base/language.ts";
import type { Mails } from "../contract.ts";
import type { ClientInfo, MailTemplate, MailText, MailWordings, Message } from "../model.ts";
import type { EmailSettings } from "../options/email.ts";

/** A message that has not been worded yet. */
export interface Letter extends Pick<Message, "kind" | "data" | "idempotencyKey"> {
  /** Where the request came from that asked for it: it says in which language. */
  readonly client: ClientInfo | undefined;
  /** Who has the address, where anybody has. */
  readonly userId: string | undefined;
}

/** Words a letter: by the application's own template, else by ours. What comes out can be sent as it is.
 * @throws {TypeError} where a template gives what is no mail; and whatever the template throws */
export async function compose(
  letter: Letter,
  settings: EmailSettings,
  mails: Mails,
): Promise<Omit<Message, "to">> {
  const ours = mails[letter.kind];
  const wordings = typeof ours === "function" ? await ours() : ours;
  const { template, locale } = chosen(letter, settings, wordings);
  const { subject, text, html } = checked(letter.kind, await template(letter.data as never, locale)); // of its kind
  const { kind, data, idempotencyKey } = letter;
  const shown = html ?? page({ subject, text, locale }, data);
  return { kind, data, idempotencyKey, locale, subject, text, html: shown };
}

/** The wording for the language that was asked for, else for the usual one, else in English. */
function chosen(
  { kind, client }: Letter,
  { templates, ...settings }: EmailSettings,
  ours: MailWordings<never> | undefined,
): { readonly template: MailTemplate<never>; readonly locale: string } {
  const own = templates[kind];
  const asked = languageTag(client?.locale);
  if (typeof own === "function") return { template: own, locale: asked ?? settings.locale };
  const wordings = new Map(Object.entries({ ...ours, ...own }));
  for (const wanted of [asked, settings.locale, "en"]) {
    for (let tag = wanted ?? ""; tag !== ""; tag = tag.slice(0, Math.max(tag.lastIndexOf("-"), 0))) {
      const template = wordings.get(tag);
      if (template !== undefined) return { template, locale: tag };
    }
  }
  throw new TypeError(`no feature has worded a mail of the kind ${kind}`);
}

/** Half a mail is not sent, nor one whose subject could end its line and begin another header. */
function checked(kind: string, given: unknown): MailText {
  const { subject, text, html }: { readonly [K in keyof MailText]: unknown } = Object(given);
  const wrong = (what: string) => new TypeError(`the template of ${kind} gave ${what}`);
  if (typeof subject !== "string" || subject.trim() === "") throw wrong("no subject");
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) throw wrong("a subject of more than one line");
  if (typeof text !== "string" || text.trim() === "") throw wrong("no text");
  if (html !== undefined && typeof html !== "string") throw wrong("html that is no text");
  return { subject, text, html };
}

/** The paragraphs of a text as a document. It names no colours, so that it can be read on dark and light; nothing is fetched. */
function page(
  { subject, text, locale }: Pick<Message, "subject" | "text" | "locale">,
  { code, link }: Message["data"],
): string {
  const paragraphs = text.trim().split(/\n\s*\n/).map((one) => {
    const plain = escaped(one).replaceAll("\n", "<br>");
    if (one === link) return `<p><a href="${plain}">${plain}</a></p>`;
    const strong = code === undefined ? [plain] : plain.split(escaped(code));
    // A screen reader says it as it is written, and no translator changes it.
    return strong.length > 1
      ? `<p style="font-size:1.25em">${
        strong.join(`<strong translate="no">${escaped(code ?? "")}</strong>`)
      }</p>`
      : `<p>${plain}</p>`;
  });
  return [
    `<!doctype html><html lang="${locale}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">',
    `<title>${escaped(subject)}</title></head>`,
    '<body dir="auto" style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36em;margin:auto;padding:1em">',
    ...paragraphs,
    "</body></html>\n",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
