// What mails say: in which language, in whose words, and what is refused rather than sent.
import { expect } from "vitest";
import type { CodeMail, MailText } from "../../src/model.ts";
import type { EmailOptions, RequestLocale } from "../../src/options/email.ts";
import { refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { postOffice } from "../suite/post_office.ts";
import { type World, world } from "../suite/world.ts";

const ADA = "ada@example.com";
const FROM = "Latchkey <no-reply@example.com>";
const KIND = "emailOtp.code";
const MAIL_FAILED = {
  code: "mail_failed",
  message: "The message could not be sent. Try again later.",
  status: 503,
};

test("a German mail, as a German mail program reads it", async () => {
  await alone(async (here) => {
    const office = await postOffice();
    const auth = here.another({
      email: { from: FROM, smtp: { host: "127.0.0.1", port: office.port }, locale: byHeader },
    });
    const ada = here.at(auth);
    ada.headers.set("accept-language", "de-AT,de;q=0.9,en;q=0.5");
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    const [{ mail } = {}] = office.arrived;
    const [code = ""] = /\d{6}/.exec(mail?.text ?? "") ?? [];
    expect([mail?.subject, mail?.text]).toEqual([
      `${code} ist Ihr Code`,
      [
        `Ihr Code lautet ${code}.`,
        "Er ist 10 Minuten lang gültig. Geben Sie ihn dort ein, wo Sie ihn angefordert haben, und teilen Sie ihn niemandem mit.",
        "Wenn Sie keinen Code angefordert haben, brauchen Sie nichts zu tun.\n",
      ].join("\n\n"),
    ]);
    expect(mail?.html).toContain('<html lang="de">');
    expect(mail?.html).toContain(`Ihr Code lautet <strong translate="no">${code}</strong>.`);
    expect(mail?.headers.get("content-language")).toBe("de");
    expect((await ada.emailOtp.verify({ challengeId, code })).user.email).toBe(ADA);
    await auth.close();
    await office.close();
  });
});

test("ours as HTML: one document that names no colours and fetches nothing", async () => {
  await mailed({ locale: "de" }, async ({ mailbox }) => {
    const { html, subject } = mailbox.last(ADA);
    expect(html).toMatch(/^<!doctype html><html lang="de">/);
    expect(html).toContain(`<title>${subject}</title>`);
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).not.toMatch(/https?:|url\(|<img|<link|<script|(?<!-)color:|background/);
    await Promise.resolve();
  });
});

test("a minute is one minute, and what is begun of another is not promised", async () => {
  const said = async (ttl: number, locale: string) => {
    let text = "";
    await alone(async (here) => {
      const email = { from: FROM, send: here.mailbox.send, locale };
      await here.another({ email, emailOtp: { ttl } }).emailOtp.start({ email: ADA });
      text = here.mailbox.last(ADA).text;
    });
    return text;
  };
  expect(await said(119, "en")).toContain("It is valid for 1 minute. ");
  expect(await said(120, "en")).toContain("It is valid for 2 minutes. ");
  expect(await said(60, "de")).toContain("Er ist 1 Minute lang gültig. ");
  expect(await said(120, "de")).toContain("Er ist 2 Minuten lang gültig. ");
});

const never = () => new Promise<string>(() => {});
const LOCALES: readonly (readonly [what: string, locale: string | RequestLocale, seen: string])[] = [
  ["a language", "de", "de"],
  ["a country's", "DE-at", "de"],
  ["one that there is no mail in", "fr-CA", "en"],
  ["a function's answer", () => "de-CH", "de"],
  ["a function's answer, later", () => Promise.resolve("de"), "de"],
  ["a function without an answer", () => null, "en"],
  ["no language tag", () => "de_DE", "en"],
  ["a whole header", () => "de-AT,de;q=0.9", "en"],
  ["something long", () => "de-" + "x".repeat(5000), "en"],
  ["a line break", () => "de\r\nBcc: eve@example.com", "en"],
  ["the name of what every object has", () => "valueOf", "en"],
  ["another type", () => 5 as never, "en"],
];
for (const [what, locale, seen] of LOCALES) {
  test(`asked for ${what}, the mail is in ${seen === "de" ? "German" : "English"}`, async () => {
    await mailed({ locale }, async ({ mailbox }) => {
      const { locale, subject } = mailbox.last(ADA);
      expect([locale, subject.includes("Ihr Code")]).toEqual([seen, seen === "de"]);
      await Promise.resolve();
    });
  });
}

test("a function of the language that throws, rejects or never answers fails no mail, and is told of", async () => {
  const broken: readonly (readonly [how: string, locale: RequestLocale])[] = [
    ["throws", () => {
      throw new Error("no idea");
    }],
    ["rejects", () => Promise.reject(new Error("no idea"))],
    ["is silent", never],
  ];
  for (const [how, locale] of broken) {
    await alone(async (here) => {
      const asked = Promise.withResolvers<void>();
      const noted: RequestLocale = (request) => {
        asked.resolve();
        return locale(request);
      };
      const auth = here.another({ email: { ...spoken(here), locale: noted } });
      const started = here.at(auth).emailOtp.start({ email: ADA });
      await asked.promise;
      if (how === "is silent") await here.turn("1s");
      await started;
      expect(here.mailbox.last(ADA).locale).toBe("en");
      const failures = here.lines.filter(({ event }) => event === "error").map(({ message }) => message);
      expect(failures).toEqual(["email.locale failed: the mail is in the usual language."]);
    });
  }
});

test("by method the language is that of `client`, and what is wrong there is refused", async () => {
  await alone(async (here) => {
    const { emailOtp, challenges } = here.another({
      email: { from: FROM, send: here.mailbox.send, locale: () => "fr" },
      emailOtp: { resendAfter: 0 },
    });
    const { challengeId } = await emailOtp.start({ email: ADA, client: { locale: "de" } });
    await challenges.resend({ challengeId });
    await challenges.resend({ challengeId, client: { locale: "de-DE" } });
    expect(here.mailbox.messages.map(({ locale }) => locale)).toEqual(["de", "en", "de"]);
    const client = { locale: 5 as unknown as string };
    expect(await refusal(emailOtp.start({ email: ADA, client }))).toMatchObject({ code: "input_invalid" });
  });
});

test("over the wire nobody says the language but to `email.locale`; a resend asks anew", async () => {
  await alone(async (here) => {
    const auth = here.another({
      email: { from: FROM, send: here.mailbox.send, locale: byHeader },
      emailOtp: { resendAfter: 0 },
    });
    const ada = here.at(auth);
    const wire = { email: ADA, client: { locale: "de" } };
    expect(await refusal(ada.emailOtp.start(wire))).toMatchObject({ code: "input_invalid" });
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    ada.headers.set("accept-language", "de");
    await ada.challenges.resend({ challengeId });
    expect(here.mailbox.messages.map(({ locale }) => locale)).toEqual(["en", "de"]);
  });
});

flow("a mail in the application's own words", async (here) => {
  const seen: [CodeMail, string][] = [];
  const templates = {
    [KIND]: (data: CodeMail, locale: string) => {
      seen.push([data, locale]);
      return Promise.resolve({
        subject: "Hi & welcome",
        text: `<b>${data.code}</b>\n\nLine "1"\nLine '2'\n`,
      });
    },
  };
  const auth = here.another({ email: { from: FROM, send: here.mailbox.send, templates, locale: "nl-be" } });
  const ada = here.at(auth);
  const { challengeId, expiresAt } = await ada.emailOtp.start({ email: ADA });
  const message = here.mailbox.last(ADA);
  const code = message.data["code"] ?? "";
  expect(seen).toEqual([[{ code, expiresAt, minutes: "10" }, "nl-BE"]]);
  expect(message).toEqual({
    kind: KIND,
    to: { address: ADA },
    subject: "Hi & welcome",
    text: `<b>${code}</b>\n\nLine "1"\nLine '2'\n`,
    html: expect.stringContaining("<title>Hi &#38; welcome</title>"),
    locale: "nl-BE",
    data: { code, expiresAt, minutes: "10" },
    idempotencyKey: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(message.html).toContain(
    `>&#60;b&#62;<strong translate="no">${code}</strong>&#60;/b&#62;</p>\n<p>Line &#34;1&#34;<br>Line &#39;2&#39;</p>`,
  );
  await ada.emailOtp.verify({ challengeId, code });
});

test("words for some languages: the others stay ours", async () => {
  const templates = {
    [KIND]: {
      fr: ({ code }: CodeMail) => ({ subject: `Votre code : ${code}`, text: "fr", html: "<p>fr</p>" }),
      "DE-at": () => ({ subject: "Servus", text: "de-AT" }),
    },
  };
  const told: unknown[] = [];
  for (const locale of ["fr", "fr-CA", "de-AT", "de", "de-CH", "it", "de-AT-x-vienna"]) {
    await mailed({ templates, locale }, async ({ mailbox }) => {
      const { locale, text, html } = mailbox.last(ADA);
      told.push([locale, text.slice(0, 8), html.startsWith("<!doctype")]);
      await Promise.resolve();
    });
  }
  expect(told).toEqual([
    ["fr", "fr", false],
    ["fr", "fr", false],
    ["de-AT", "de-AT", true],
    ["de", "Ihr Code", true],
    ["de", "Ihr Code", true],
    ["en", "Your cod", true],
    ["de-AT", "de-AT", true],
  ]);
});

const fine = { subject: "s", text: "t" };
const WRONG: readonly (readonly [gives: string, template: () => unknown, cause: string])[] = [
  ["nothing", () => undefined, "gave no subject"],
  ["a text alone", () => "Your code", "gave no subject"],
  ["no subject", () => ({ text: "t" }), "gave no subject"],
  ["an empty subject", () => ({ ...fine, subject: " " }), "gave no subject"],
  [
    "another header",
    () => ({ ...fine, subject: "s\r\nBcc: eve@example.com" }),
    "gave a subject of more than one line",
  ],
  ["a line break", () => ({ ...fine, subject: "s\n" }), "gave a subject of more than one line"],
  [
    "a line break of Unicode",
    () => ({ ...fine, subject: "s\u2028t" }),
    "gave a subject of more than one line",
  ],
  ["no text", () => ({ subject: "s", html: "<p>t</p>" }), "gave no text"],
  ["an empty text", () => ({ subject: "s", text: "" }), "gave no text"],
  ["bytes", () => ({ ...fine, text: new Uint8Array(3) }), "gave no text"],
  [
    "html that is an object",
    () => ({ ...fine, html: { toString: () => "<p>" } }),
    "gave html that is no text",
  ],
  ["an error", () => {
    throw new TypeError("undefined is not a function");
  }, "undefined is not a function"],
  ["a rejection", () => Promise.reject(new TypeError("no such file")), "no such file"],
  ["nothing, ever", never, "no answer within 30000 ms"],
];
for (const [gives, template, cause] of WRONG) {
  test(`a template that gives ${gives} is mail_failed: nothing is sent, and the log says why`, async () => {
    await alone(async (here) => {
      const auth = here.another({
        email: { ...spoken(here), templates: { [KIND]: template as () => MailText } },
      });
      const started = refusal(here.at(auth).emailOtp.start({ email: ADA }));
      if (template === never) {
        while (![...(await here.contents()).keys()].some((key) => key.startsWith("challenges:"))) {
          await here.turn(0);
        }
        await here.turn("30s");
      }
      expect(await started).toEqual(MAIL_FAILED);
      expect(here.mailbox.messages).toEqual([]);
      expect([...(await here.contents()).keys()].filter((key) => key.startsWith("challenges:"))).toEqual([]);
      const failures = here.lines.filter(({ event }) => event === "error").map(({ cause }) => cause);
      expect(failures).toEqual([expect.objectContaining({ message: expect.stringContaining(cause) })]);
    });
  });
}

test("where only accounts are mailed, a template that fails is told to the log alone", async () => {
  await alone(async (here) => {
    const templates = { [KIND]: () => Promise.reject(new Error("no such file")) };
    const auth = here.another({ email: { ...spoken(here), templates }, emailOtp: { signUp: false } });
    await auth.users.create({ email: ADA });
    const replies = [];
    for (const email of [ADA, "nobody@example.com"]) {
      const { challengeId: _, ...reply } = await here.at(auth).emailOtp.start({ email });
      replies.push(reply);
    }
    expect(replies[0]).toEqual(replies[1]);
    while (!here.lines.some(({ event }) => event === "error")) await here.turn(0);
    const events = here.lines.map(({ event }) => event);
    expect(events.filter((event) => event === "mail.failed" || event === "error")).toEqual([
      "mail.failed",
      "error",
    ]);
  });
});

flow("of each mail it is told that it was sent, or that it was not; its address never", async (here) => {
  const ada = here.person();
  await ada.emailOtp.start({ email: ADA });
  const user = await (await here.signedIn(ADA)).account.get();
  await ada.emailOtp.start({ email: ADA });
  here.mailbox.broken(true);
  await refusal(ada.emailOtp.start({ email: ADA }));
  await here.server().mail.bounced({ address: "bob@example.com" });
  await here.server().mail.bounced({ address: ADA });
  await ada.emailOtp.start({ email: ADA });
  const [kind, userId] = [KIND, user.id];
  expect(mailEvents(here)).toEqual([
    { event: "mail.sent", kind, locale: "en" },
    { event: "mail.sent", kind, locale: "en" },
    { event: "mail.sent", kind, locale: "en", userId },
    { event: "mail.failed", kind, reason: "failed", userId },
    { event: "mail.bounced" },
    { event: "mail.bounced", userId },
    { event: "mail.failed", kind, reason: "bounced", userId },
  ]);
  const lines = here.lines.filter(({ event }) => event.startsWith("mail."));
  expect(JSON.stringify(lines)).not.toContain("example.com");
});

test("over SMTP it is told by which server", async () => {
  await alone(async (here) => {
    const office = await postOffice();
    const auth = here.another({ email: { from: FROM, smtp: { host: "127.0.0.1", port: office.port } } });
    await auth.emailOtp.start({ email: ADA });
    expect(mailEvents(here)).toEqual([{ event: "mail.sent", kind: KIND, locale: "en", server: "127.0.0.1" }]);
    await auth.close();
    await office.close();
  });
});

function byHeader(request: Request): string | undefined {
  return request.headers.get("accept-language")?.split(/[,;]/)[0];
}

function spoken(here: World): EmailOptions {
  return { from: FROM, send: here.mailbox.send };
}

function mailEvents({ lines }: World): readonly object[] {
  return lines.filter(({ event }) => event.startsWith("mail.")).map(
    ({ service: _, at: __, requestId: ___, durationMs: ____, ...fields }) => fields,
  );
}

/** Ada is mailed a code by a server with these options. */
async function mailed(options: Partial<EmailOptions>, look: (here: World) => Promise<void>): Promise<void> {
  await alone(async (here) => {
    const auth = here.another({ email: { ...spoken(here), ...options } });
    await here.at(auth).emailOtp.start({ email: ADA });
    await look(here);
  });
}

async function alone(run: (here: World) => Promise<void>): Promise<void> {
  const here = world("memory", "http");
  try {
    await run(here);
  } finally {
    await here.close();
  }
}
