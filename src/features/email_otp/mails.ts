import type { CodeMail, MailWordings } from "../../model.ts";

/** The mail that brings a code: the code in the subject too, where a phone shows it without opening the mail. */
export const codeMail: MailWordings<CodeMail> = {
  en: ({ code, minutes }) => ({
    subject: `${code} is your code`,
    text: paragraphs(
      `Your code is ${code}.`,
      `It is valid for ${minutes} ${minutes === "1" ? "minute" : "minutes"}. ` +
        "Enter it where you asked for it, and tell it to nobody.",
      "If you did not ask for it, you need not do anything.",
    ),
  }),
  de: ({ code, minutes }) => ({
    subject: `${code} ist Ihr Code`,
    text: paragraphs(
      `Ihr Code lautet ${code}.`,
      `Er ist ${minutes} ${minutes === "1" ? "Minute" : "Minuten"} lang gültig. ` +
        "Geben Sie ihn dort ein, wo Sie ihn angefordert haben, und teilen Sie ihn niemandem mit.",
      "Wenn Sie keinen Code angefordert haben, brauchen Sie nichts zu tun.",
    ),
  }),
};

function paragraphs(...lines: readonly string[]): string {
  return `${lines.join("\n\n")}\n`;
}
