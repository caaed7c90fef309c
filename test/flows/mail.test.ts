// Mail as it really leaves: over SMTP, to a server on this machine, read there by a parser of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import type { EmailOptions } from "../../src/options/email.ts";
import { imports, sources } from "../laws/source.ts";
import { refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { closedPort, type PostOffice, postOffice } from "../suite/post_office.ts";
import { type World, world } from "../suite/world.ts";

const ADA = "ada@example.com";
const FROM = "Latchkey <no-reply@example.com>";
const MAIL_FAILED = {
  code: "mail_failed",
  message: "The message could not be sent. Try again later.",
  status: 503,
};

flow("a code that arrived over SMTP signs in", async (here) => {
  await served(here, {}, async ({ auth, office }) => {
    const ada = here.at(auth);
    const { challengeId } = await ada.emailOtp.start({ email: " Ada@EXAMPLE.com" });
    const [code = ""] = /\d{6}/.exec(office.arrived[0]!.mail.text) ?? [];
    expect(told(office)).toEqual([{
      sender: "no-reply@example.com",
      recipients: [ADA],
      from: [{ name: "Latchkey", address: "no-reply@example.com" }],
      to: [{ name: "", address: ADA }],
      copies: [undefined, undefined],
      subject: `${code} is your code`,
      text: [
        `Your code is ${code}.`,
        "It is valid for 10 minutes. Enter it where you asked for it, and tell it to nobody.",
        "If you did not ask for it, you need not do anything.\n",
      ].join("\n\n"),
      html: expect.stringContaining(`<strong translate="no">${code}</strong>`),
    }]);
    expect((await ada.emailOtp.verify({ challengeId, code })).user.email).toBe(ADA);
  });
});

flow(
  "what looks like a list of addresses, or more than an address, never reaches the mailer",
  async (here) => {
    await served(here, {}, async ({ auth, office }) => {
      const sent: unknown[] = [];
      const direct = here.another({ email: { from: FROM, send: (message) => void sent.push(message) } });
      for (const email of CRAFTED) {
        for (const server of [auth, direct]) {
          expect(await refusal(here.at(server).emailOtp.start({ email })), email).toEqual({
            code: "input_invalid",
            message: "The input is not valid.",
            status: 400,
            details: {
              issues: expect.arrayContaining([{ path: "email", message: expect.stringMatching(/^must /) }]),
            },
          });
        }
      }
      expect([office.arrived, sent]).toEqual([[], []]);
    });
  },
);

const CRAFTED: readonly string[] = [
  "x@y.test, evil@z.test",
  "x@y.test,evil@z.test",
  "x@y.test;evil@z.test",
  "x@y.test evil@z.test",
  "x@y.test\r\nBcc: evil@z.test",
  "x@y.test\nevil@z.test",
  "x\r\n@y.test",
  "x@y.test\0",
  "<evil@z.test>",
  "x@y.test <evil@z.test>",
  "evil@z.test>, x@y.test",
  '"x, evil"@z.test',
  "x(evil@z.test)@y.test",
  "x@y@z.test",
  "group: x@y.test, evil@z.test;",
  "=?utf-8?q?x=40y.test=2C?= evil@z.test",
  "x@[127.0.0.1]",
  "x@127.0.0.1",
  "x@localhost",
  "\u202ex@y.test",
];

test("mail goes to the canonical form, beyond ASCII too", async () => {
  await alone(async (here) => {
    await served(here, {}, async ({ auth, office }) => {
      for (const email of ["Ada@BÜCHER.example", "żółw@example.com"]) await auth.emailOtp.start({ email });
      // The A-label left the house; the post office shows it as people write it.
      expect(told(office).map(({ recipients }) => recipients)).toEqual([
        ["ada@bücher.example"],
        ["żółw@example.com"],
      ]);
    });
  });
});

test("the sender is one address with its name, however that is written", async () => {
  const senders: readonly (readonly [from: string, seen: object])[] = [
    ["no-reply@example.com", { name: "", address: "no-reply@example.com" }],
    ["<no-reply@example.com>", { name: "", address: "no-reply@example.com" }],
    ['"Doe, Jane" <no-reply@example.com>', { name: "Doe, Jane", address: "no-reply@example.com" }],
    ["Łucja <no-reply@example.com>", { name: "Łucja", address: "no-reply@example.com" }],
    ["a@evil.test, Ours <no-reply@example.com>", {
      name: "a@evil.test, Ours",
      address: "no-reply@example.com",
    }],
  ];
  await alone(async (here) => {
    for (const [from, seen] of senders) {
      await served(here, { from }, async ({ auth, office }) => {
        await auth.emailOtp.start({ email: ADA });
        expect(told(office)).toMatchObject([{ sender: "no-reply@example.com", from: [seen] }]);
      });
    }
  });
});

flow("a mail server that is down is mail_failed; when it is up again, mail goes out", async (here) => {
  const port = await closedPort();
  const auth = here.another({ email: { from: FROM, smtp: { host: "127.0.0.1", port } } });
  const ada = here.at(auth);
  expect(await refusal(ada.emailOtp.start({ email: ADA }))).toEqual(MAIL_FAILED);
  const office = await postOffice({ port });
  try {
    await ada.emailOtp.start({ email: ADA });
    expect(office.arrived).toHaveLength(1);
  } finally {
    await auth.close();
    await office.close();
  }
});

test("user and pass sign in at the mail server; wrong ones are mail_failed and are not told", async () => {
  const account = { user: "latchkey", pass: "the-word-of-the-post-office" };
  await alone(async (here) => {
    await served(here, { account, smtp: account }, async ({ auth, office }) => {
      await auth.emailOtp.start({ email: ADA });
      expect(office.arrived).toHaveLength(1);
    });
    await served(here, { account, smtp: { ...account, pass: "another-word" } }, async ({ auth, office }) => {
      const refused = await refusal(here.at(auth).emailOtp.start({ email: ADA }));
      expect([refused, office.arrived]).toEqual([MAIL_FAILED, []]);
      expect(here.log.join("\n")).not.toContain("another-word");
    });
  });
});

test("mails share a connection, and close ends it", async () => {
  await alone(async (here) => {
    const office = await postOffice();
    const auth = here.another({ email: { from: FROM, smtp: { host: "127.0.0.1", port: office.port } } });
    for (let i = 0; i < 3; i++) await auth.emailOtp.start({ email: ADA });
    expect([office.arrived.length, office.connected()]).toEqual([3, 1]);
    await auth.close();
    await office.close(); // it waits until nobody is connected any more
  });
});

test("close waits for mail that is under way", async () => {
  await alone(async (here) => {
    await here.server().users.create({ email: ADA });
    await served(here, { emailOtp: { signUp: false } }, async ({ auth, office }) => {
      await auth.emailOtp.start({ email: ADA });
      expect(office.arrived).toEqual([]);
      await auth.close();
      expect(office.arrived).toHaveLength(1);
    });
  });
});

test("a process that has sent mail ends by itself after close", async () => {
  const office = await postOffice();
  const script = join(import.meta.dirname, "../suite/child_mailer.ts");
  const args = "Deno" in globalThis ? ["run", "-A", script] : [script];
  const child = spawn(process.execPath, [...args, String(office.port)], { stdio: "inherit" });
  try {
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(office.arrived).toHaveLength(1);
  } finally {
    child.kill("SIGKILL");
    await office.close();
  }
}, 10_000);

test("nodemailer is loaded by the first mail over SMTP, and by nothing else", () => {
  const loaders = [...sources()].flatMap(([path, text]) =>
    imports(path, text).filter(({ specifier, types }) => specifier.startsWith("nodemailer") && !types).map(
      () => path,
    )
  );
  expect(loaders).toEqual(["src/core/smtp.ts"]);
  const text = sources().get("src/core/smtp.ts") ?? "";
  expect(text).not.toMatch(/from "nodemailer"/);
  expect(text).toMatch(/^export async function smtp\([^]*?await import\("nodemailer"\)/m);
});

interface Service {
  readonly from?: string;
  readonly account?: { readonly user: string; readonly pass: string };
  readonly smtp?: { readonly user: string; readonly pass: string };
  readonly emailOtp?: { readonly signUp: boolean };
}

/** A server of ours, a mail server, and an end to both. */
async function served(
  here: World,
  { from = FROM, account, smtp, emailOtp }: Service,
  run: (both: { auth: ReturnType<World["another"]>; office: PostOffice }) => Promise<void>,
): Promise<void> {
  const office = await postOffice(account === undefined ? {} : { account });
  const email: EmailOptions = { from, smtp: { host: "127.0.0.1", port: office.port, ...smtp } };
  const storage = { ...here.driver(), dispose: () => {} }; // the world's store outlives this server
  const auth = here.another({ storage, email, ...(emailOtp && { emailOtp }) });
  try {
    await run({ auth, office });
  } finally {
    await auth.close();
    await office.close();
  }
}

/** A world for what does not depend on the store or the way in. */
async function alone(run: (here: World) => Promise<void>): Promise<void> {
  const here = world("memory", "http");
  try {
    await run(here);
  } finally {
    await here.close();
  }
}

function told(office: PostOffice) {
  return office.arrived.map(({ sender, recipients, mail }) => ({
    sender,
    recipients,
    from: mail.from.value,
    to: mail.to.value,
    copies: [mail.cc, mail.bcc],
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
  }));
}
