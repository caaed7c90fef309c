import type { Message } from "../../model.ts";

/** The mail that brings a code: the code in the subject too, where a phone shows it without opening the mail. */
export function codeMail(
  code: string,
  minutes: number,
): Pick<Message, "subject" | "text" | "html" | "locale"> {
  const lines = [
    `Your code is ${code}.`,
    `It is valid for ${minutes} minutes. Enter it where you asked for it, and tell it to nobody.`,
    "If you did not ask for it, you need not do anything.",
  ];
  const [first = "", ...others] = lines;
  const html = [
    `<p style="font-size:1.25em">${first.replace(code, `<strong>${code}</strong>`)}</p>`,
    ...others.map((line) => `<p>${line}</p>`),
  ];
  return {
    subject: `${code} is your code`,
    text: `${lines.join("\n\n")}\n`,
    html: html.join("\n"),
    locale: "en",
  };
}
