import type { CodeMail, DoneMail, LinkMail, MailWordings } from "../../model.ts";

/** Brings the code that proves the address of a new account. */
export const signUpCodeMail: MailWordings<CodeMail> = code({
  en: "It proves that this address is yours.",
  de: "Er zeigt, dass diese Adresse Ihnen gehört.",
});

/** Brings the code that a sign-in waits for. It goes to whoever knows the password. */
export const signInCodeMail: MailWordings<CodeMail> = code({
  en:
    "Somebody has just entered your password. If that was not you, tell this code to nobody, and change the password.",
  de:
    "Gerade hat jemand Ihr Passwort eingegeben. Wenn Sie das nicht waren, geben Sie den Code niemandem, und ändern Sie das Passwort.",
});

/** Brings the code that a change of the password waits for. */
export const changeCodeMail: MailWordings<CodeMail> = code({
  en:
    "Your password changes when it is entered. If you are not changing it, tell this code to nobody, and end all sessions.",
  de:
    "Mit ihm wird Ihr Passwort geändert. Wenn Sie das nicht wollen, geben Sie den Code niemandem, und beenden Sie alle Sitzungen.",
});

/** Brings the link to choose a new password. */
export const resetLinkMail: MailWordings<LinkMail> = {
  en: ({ link, minutes }) => ({
    subject: "Choose a new password",
    text: paragraphs(
      "Open this link to choose a new password:",
      link,
      `It is valid for ${minutes} ${
        minutes === "1" ? "minute" : "minutes"
      }, and only once. All sessions end with it.`,
      "If you did not ask for it, you need not do anything: your password stays.",
    ),
  }),
  de: ({ link, minutes }) => ({
    subject: "Ein neues Passwort wählen",
    text: paragraphs(
      "Öffnen Sie diesen Link, um ein neues Passwort zu wählen:",
      link,
      `Er ist ${minutes} ${
        minutes === "1" ? "Minute" : "Minuten"
      } lang und nur einmal gültig. Alle Sitzungen enden damit.`,
      "Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.",
    ),
  }),
};

/** Says to whoever has an account that somebody asked for another one. */
export const signUpTakenMail: MailWordings<DoneMail> = {
  en: () => ({
    subject: "You have an account already",
    text: paragraphs(
      "Somebody asked for a new account with this address. It has one, so none was made.",
      "If that was you, sign in, or choose a new password where you have forgotten yours.",
      "If it was not you, you need not do anything.",
    ),
  }),
  de: () => ({
    subject: "Sie haben bereits ein Konto",
    text: paragraphs(
      "Jemand wollte mit dieser Adresse ein Konto anlegen. Es gibt schon eines; ein zweites wurde nicht angelegt.",
      "Wenn Sie das waren, melden Sie sich an, oder wählen Sie ein neues Passwort, falls Sie Ihres vergessen haben.",
      "Wenn Sie das nicht waren, brauchen Sie nichts zu tun.",
    ),
  }),
};

/** Says that the password was changed. */
export const changedMail: MailWordings<DoneMail> = done("changed", "geändert");

/** Says that it was set anew by a link. */
export const resetMail: MailWordings<DoneMail> = done(
  "set anew by a link from a mail",
  "über einen Link neu gesetzt",
);

/** A code in the subject too, where a phone shows it without opening the mail. */
function code(about: { readonly en: string; readonly de: string }): MailWordings<CodeMail> {
  return {
    en: ({ code, minutes }) => ({
      subject: `${code} is your code`,
      text: paragraphs(
        `Your code is ${code}.`,
        `It is valid for ${minutes} ${minutes === "1" ? "minute" : "minutes"}. ` +
          "Enter it where you asked for it, and tell it to nobody.",
        about.en,
      ),
    }),
    de: ({ code, minutes }) => ({
      subject: `${code} ist Ihr Code`,
      text: paragraphs(
        `Ihr Code lautet ${code}.`,
        `Er ist ${minutes} ${minutes === "1" ? "Minute" : "Minuten"} lang gültig. ` +
          "Geben Sie ihn dort ein, wo Sie ihn angefordert haben, und teilen Sie ihn niemandem mit.",
        about.de,
      ),
    }),
  };
}

function done(en: string, de: string): MailWordings<DoneMail> {
  return {
    en: ({ at }) => ({
      subject: "Your password was changed",
      text: paragraphs(
        `Your password was ${en} (${at}). All earlier sessions have ended.`,
        "If that was not you, choose a new password at once, and look at what else signs in to your account.",
      ),
    }),
    de: ({ at }) => ({
      subject: "Ihr Passwort wurde geändert",
      text: paragraphs(
        `Ihr Passwort wurde ${de} (${at}). Alle früheren Sitzungen sind beendet.`,
        "Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort, und sehen Sie nach, womit man sich sonst noch an Ihrem Konto anmeldet.",
      ),
    }),
  };
}

function paragraphs(...lines: readonly string[]): string {
  return `${lines.join("\n\n")}\n`;
}
