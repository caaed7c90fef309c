import type { LinkMail, MailWordings } from "../../model.ts";

/** The mail that brings a link. */
export const linkMail: MailWordings<LinkMail> = {
  en: ({ link, minutes }) => ({
    subject: "Your link to sign in",
    text: paragraphs(
      "Open this link where you asked for it, to sign in:",
      link,
      `It is valid for ${minutes} ${
        minutes === "1" ? "minute" : "minutes"
      }, and only once. Pass it on to nobody.`,
      "If you did not ask for it, you need not do anything.",
    ),
  }),
  de: ({ link, minutes }) => ({
    subject: "Ihr Link zum Anmelden",
    text: paragraphs(
      "Öffnen Sie diesen Link dort, wo Sie ihn angefordert haben, um sich anzumelden:",
      link,
      `Er ist ${minutes} ${minutes === "1" ? "Minute" : "Minuten"} lang und nur einmal gültig. ` +
        "Geben Sie ihn an niemanden weiter.",
      "Wenn Sie keinen Link angefordert haben, brauchen Sie nichts zu tun.",
    ),
  }),
};

function paragraphs(...lines: readonly string[]): string {
  return `${lines.join("\n\n")}\n`;
}
