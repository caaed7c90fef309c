import type { MailWordings, NoticeMail } from "../model.ts";

/** What a credential is called in each language, with its article where it has been added, or removed. */
interface Called {
  readonly en: string;
  readonly de: string;
}

/** The mail that says that a way of signing in was added to an account. */
export function added(what: Called): MailWordings<NoticeMail> {
  return {
    en: ({ name, at }) => ({
      subject: `A ${what.en} was added to your account`,
      text: paragraphs(
        `The ${what.en} "${name}" was added to your account (${at}). Whoever has it can sign in.`,
        "If that was not you, sign in, remove it and end all sessions.",
      ),
    }),
    de: ({ name, at }) => ({
      subject: `Neu in Ihrem Konto: ${what.de}`,
      text: paragraphs(
        `Ihrem Konto wurde etwas hinzugefügt (${at}): ${what.de} „${name}“. Damit kann man sich anmelden.`,
        "Wenn Sie das nicht waren, melden Sie sich an, entfernen Sie es und beenden Sie alle Sitzungen.",
      ),
    }),
  };
}

/** The mail that says that one was removed. */
export function removed(what: Called): MailWordings<NoticeMail> {
  return {
    en: ({ name, at }) => ({
      subject: `A ${what.en} was removed from your account`,
      text: paragraphs(
        `The ${what.en} "${name}" was removed from your account (${at}). Nobody signs in with it any more.`,
        "If that was not you, sign in, look at what is left and end all sessions.",
      ),
    }),
    de: ({ name, at }) => ({
      subject: `Aus Ihrem Konto entfernt: ${what.de}`,
      text: paragraphs(
        `Aus Ihrem Konto wurde etwas entfernt (${at}): ${what.de} „${name}“. Damit meldet sich niemand mehr an.`,
        "Wenn Sie das nicht waren, melden Sie sich an, sehen Sie nach, was noch da ist, und beenden Sie alle Sitzungen.",
      ),
    }),
  };
}

function paragraphs(...lines: readonly string[]): string {
  return `${lines.join("\n\n")}\n`;
}
