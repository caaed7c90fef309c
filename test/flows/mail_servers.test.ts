// Several servers that take mail: which one gets it, and what happens when one does not.
import { expect, test } from "vitest";
import type { FullAuth } from "../suite/client.ts";
import { inOrder, smtp } from "../../src/core/smtp.ts";
import type { WeightedSmtp } from "../../src/options/email.ts";
import { machine } from "../../src/platform.ts";
import { chance } from "../../src/testing/chance.ts";
import { refusal } from "../suite/faults.ts";
import { closedPort, type PostOffice, postOffice, silentOffice, type Trouble } from "../suite/post_office.ts";
import { type World, world } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const FROM = "Latchkey <no-reply@example.com>";
const HOST = "127.0.0.1";
const MAIL_FAILED = {
  code: "mail_failed",
  message: "The message could not be sent. Try again later.",
  status: 503,
};

test("each server gets its share of the mails", async () => {
  await between([{ weight: 1 }, { weight: 9 }], async ({ auth, offices: [light, heavy] }) => {
    for (let i = 0; i < 50; i++) await auth.emailOtp.start({ email: ADA });
    expect(light!.arrived.length + heavy!.arrived.length).toBe(50);
    expect(light!.arrived.length).toBeGreaterThan(0);
    expect(light!.arrived.length).toBeLessThan(15);
  });
});

test("who is asked first, and who next, is drawn by weight; those that rest come last", () => {
  const servers = [{ weight: 1 }, { weight: 2 }, { weight: 7 }];
  const firsts = [0, 0, 0];
  for (let i = 0; i < 1000; i++) {
    const order = inOrder(servers, () => false, drawing((i + 0.5) / 1000));
    expect(new Set(order)).toEqual(new Set(servers));
    firsts[servers.indexOf(order[0]!)]!++;
  }
  expect(firsts).toEqual([100, 200, 700]);
  const [light, middle, heavy] = servers;
  for (let i = 0; i < 100; i++) {
    const order = inOrder(servers, (one) => one === heavy, chance(i));
    expect([order[2], new Set(order)]).toEqual([heavy, new Set(servers)]);
  }
  const all = inOrder(servers, () => true, chance(1));
  expect(new Set(all)).toEqual(new Set([light, middle, heavy]));
  const edges = [0, 0.31, 1 - 2 ** -32].map((share) => inOrder(servers, () => false, drawing(share)));
  expect(edges).toEqual([[light, middle, heavy], [heavy, light, middle], [heavy, middle, light]]);
});

test("where nobody listens the next server is asked, and the first one is left in peace for a minute", async () => {
  await alone(async (here) => {
    const [port, second] = [await closedPort(), await postOffice()];
    const auth = sending(here, [{ host: HOST, port, weight: 1000 }, { host: HOST, port: second.port }]);
    await auth.emailOtp.start({ email: ADA });
    expect(second.arrived).toHaveLength(1);
    const first = await postOffice({ port });
    await here.turn("59s");
    await auth.emailOtp.start({ email: ADA });
    expect([first.arrived.length, second.arrived.length]).toEqual([0, 2]);
    await here.turn("1s");
    for (let i = 0; i < 5; i++) await auth.emailOtp.start({ email: ADA });
    expect(first.arrived.length).toBeGreaterThan(3);
    await auth.close();
    await Promise.all([first.close(), second.close()]);
  });
});

const FOR_NOW: readonly Trouble[] = [
  { at: "RCPT TO", says: "451 come back later" },
  { at: "DATA", says: "452 no room" },
  { at: "DATA", says: "421 going home" },
  { at: "MAIL FROM", says: "550 not you" }, // another server may know us
];
for (const trouble of FOR_NOW) {
  test(`after "${trouble.says}" to ${trouble.at} the next server gets the mail`, async () => {
    await between(
      [{ weight: 1000, trouble: () => trouble }, {}],
      async ({ auth, offices: [first, second] }) => {
        await auth.emailOtp.start({ email: ADA });
        expect([first!.arrived.length, second!.arrived.length]).toEqual([0, 1]);
      },
    );
  });
}

test("a server that knows another password is passed over", async () => {
  await alone(async (here) => {
    const account = { user: "latchkey", pass: "the-word-of-the-post-office" };
    const [first, second] = [await postOffice({ account }), await postOffice()];
    const auth = sending(here, [
      { host: HOST, port: first.port, user: "latchkey", pass: "another-word", weight: 1000 },
      { host: HOST, port: second.port },
    ]);
    await auth.emailOtp.start({ email: ADA });
    expect([first.arrived.length, second.arrived.length]).toEqual([0, 1]);
    await auth.close();
    await Promise.all([first.close(), second.close()]);
  });
});

for (const at of ["RCPT TO", "DATA"] as const) {
  test(`what is refused for good at ${at} is not tried elsewhere, and the server is not blamed`, async () => {
    const trouble = (recipient: string): Trouble | undefined =>
      recipient === ADA ? { at, says: "550 nobody here" } : undefined;
    await between([{ weight: 1000, trouble }, {}], async ({ here, auth, offices: [first, second] }) => {
      expect(await refusal(here.at(auth).emailOtp.start({ email: ADA }))).toEqual(MAIL_FAILED);
      for (let i = 0; i < 5; i++) await auth.emailOtp.start({ email: BOB });
      expect(second!.arrived.flatMap(({ recipients }) => recipients)).not.toContain(ADA);
      expect(first!.arrived.length).toBeGreaterThan(3);
    });
  });
}

test("with every server down it is mail_failed, and no step is left; up again, mail goes out at once", async () => {
  await alone(async (here) => {
    const ports = [await closedPort(), await closedPort()];
    const auth = sending(here, ports.map((port) => ({ host: HOST, port })));
    const ada = here.at(auth);
    expect(await refusal(ada.emailOtp.start({ email: ADA }))).toEqual(MAIL_FAILED);
    expect([...(await here.contents()).keys()].filter((key) => key.startsWith("challenges:"))).toEqual([]);
    const cause = await auth.emailOtp.start({ email: ADA }).catch((error: Error) => error.cause);
    expect(cause).toBeInstanceOf(AggregateError);
    expect((cause as AggregateError).errors).toHaveLength(2);
    const office = await postOffice({ port: ports[1]! });
    await ada.emailOtp.start({ email: ADA });
    expect(office.arrived).toHaveLength(1);
    await auth.close();
    await office.close();
  });
});

test("a server that hangs up on a whole message may have taken it: sent again, it has the same Message-ID", async () => {
  const trouble = (): Trouble => ({ at: "DATA", says: "hangs up" });
  await between([{ weight: 1000, trouble }, {}], async ({ auth, offices: [first, second] }) => {
    await auth.emailOtp.start({ email: ADA });
    await auth.emailOtp.start({ email: ADA });
    const [one, another] = second!.arrived.map(({ mail }) => mail.messageId);
    expect(first!.arrived.map(({ mail }) => mail.messageId)).toEqual([one]);
    expect(one).toMatch(/^<[\w-]{43}@example\.com>$/);
    expect(another).not.toBe(one);
  });
});

test("a server that says nothing costs ten seconds, and nothing goes out by it later", async () => {
  await alone(async (here) => {
    const [silent, office] = [await silentOffice(), await postOffice()];
    const auth = sending(here, [
      { host: HOST, port: silent.port, weight: 1000 },
      { host: HOST, port: office.port },
    ]);
    const started = here.at(auth).emailOtp.start({ email: ADA });
    await silent.visited;
    expect(office.arrived).toEqual([]);
    await here.turn("10s");
    await started;
    silent.speak(office.port);
    while (silent.visitors() > 0 && office.arrived.length < 2) await here.turn(0);
    expect(office.arrived).toHaveLength(1);
    silent.close();
    await auth.close();
    await office.close();
  });
});

test("the key of a message is its Message-ID at the sender's domain, and machines do not answer it", async () => {
  const office = await postOffice();
  const servers = [{ host: HOST, port: office.port, secure: false, weight: 1 }];
  const from = { name: "", address: "no-reply@BÜCHER.example" };
  const { send, close } = await smtp({
    from,
    send: undefined,
    servers,
    links: {},
    templates: {},
    locale: "en",
    localeOf: null,
  }, machine);
  const words = { subject: "s", text: "t", html: "<p>t</p>", locale: "de" };
  const to = { address: ADA, name: "Ada\r\nBcc: eve@example.com" };
  expect(await send({ kind: "k", to, ...words, data: {}, idempotencyKey: "a_key-1" })).toBe(HOST);
  const [{ mail, recipients } = {}] = office.arrived;
  expect(recipients).toEqual([ADA]);
  expect(mail?.bcc).toBeUndefined();
  expect(mail?.messageId).toBe("<a_key-1@xn--bcher-kva.example>");
  expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
  expect(mail?.headers.get("content-language")).toBe("de");
  close();
  await office.close();
});

/** Chance that is always the same share of what there is. */
function drawing(share: number): (length: number) => Uint8Array {
  return (length) => Uint8Array.from({ length }, (_, i) => Math.floor(share * 256 ** (i + 1)) % 256);
}

interface Between {
  readonly here: World;
  readonly auth: FullAuth;
  readonly offices: readonly PostOffice[];
}

/** A server of ours between mail servers, and an end to all. */
async function between(
  given: readonly {
    readonly weight?: number;
    readonly trouble?: (recipient: string) => Trouble | undefined;
  }[],
  run: (all: Between) => Promise<void>,
): Promise<void> {
  await alone(async (here) => {
    const offices = await Promise.all(given.map(({ trouble }) => postOffice(trouble && { trouble })));
    const auth = sending(
      here,
      given.map(({ weight = 1 }, i) => ({ host: HOST, port: offices[i]!.port, weight })),
    );
    try {
      await run({ here, auth, offices });
    } finally {
      await auth.close();
      await Promise.all(offices.map((office) => office.close()));
    }
  });
}

function sending(here: World, servers: readonly WeightedSmtp[]): FullAuth {
  const storage = { ...here.driver(), dispose: () => {} }; // the world's store outlives this server
  return here.another({ storage, email: { from: FROM, smtp: servers } });
}

async function alone(run: (here: World) => Promise<void>): Promise<void> {
  const here = world("memory", "http", { options: { rateLimit: false } });
  try {
    await run(here);
  } finally {
    await here.close();
  }
}
