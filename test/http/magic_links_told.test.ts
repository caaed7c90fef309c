// What links tell, and whom: known addresses and unknown ones alike, nothing in a log, no page of another origin, one language or another.
import { describe, expect, test } from "vitest";
import { keyring } from "../../src/crypto/keyring.ts";
import type { AuthOptions } from "../../src/options.ts";
import { faulty } from "../suite/faults.ts";
import { outcome } from "../suite/steps.ts";
import { BASE_URL, SECRET, type World, world } from "../suite/world.ts";
import { failure, issues, onSite, read, requestOf, type Site } from "./site.ts";

const ADA = "ada@example.com";
const EVE = "eve@example.com";

test.each([true, false])(
  "with signUp: %s known and unknown addresses get the same replies and do the same work",
  async (signUp) => {
    const here = world("memory", "http");
    try {
      await here.server().users.create({ email: ADA, emailVerified: true });
      const { driver, seen } = faulty(here.driver());
      const closed = here.another({ storage: driver, magicLink: { signUp } });
      await closed.ready();
      const told = [];
      for (const email of [ADA, EVE]) {
        seen.splice(0);
        const ask = async (call: string, body: object) => {
          const headers = { origin: BASE_URL, "x-request-id": "same" };
          const { status, headers: got, body: said } = await read(
            await closed.handler(requestOf(call, { headers, body })),
          );
          const { challengeId, ...rest } = Object(said);
          const plain = [...got].map(([name, value]) => [name, value.replaceAll(challengeId, "its id")]);
          return { challengeId, shown: [status, plain, rest] };
        };
        const { challengeId, shown } = await ask("POST /magic-link/start", { email });
        await here.turn("1m");
        const again = await ask("POST /challenges/resend", { challengeId });
        told.push([shown, again.shown, [...seen]]);
        await here.turn(-60);
      }
      expect(told[0]?.[2]).toHaveLength(11);
      expect(told[1]).toEqual(told[0]);
    } finally {
      await here.close();
    }
  },
);

test("no log tells the query of a page, whatever becomes of the request", async () => {
  await onSite(async ({ world, auth, ask }) => {
    const token = await mailed(world, ask);
    for (const path of ["/magic-link", "/magic-link/", "/magic-links", "/magic-link/verify"]) {
      for (const method of ["GET", "HEAD", "OPTIONS"]) {
        await (await auth.handler(requestOf(`${method} ${path}?token=${token}`))).text();
      }
    }
    await ask(`POST /magic-link/verify?token=${token}`, {
      headers: { origin: "https://evil.example" },
      body: { token },
    });
    await ask("POST /magic-link/verify", { headers: { origin: BASE_URL }, body: { token } });
    expect(world.lines.map(({ event }) => event)).toContain("signIn.failed");
    expect(JSON.stringify(world.lines)).not.toContain(token);
    expect(JSON.stringify(world.lines)).not.toContain("token=");
  });
});

test("a mailer that quotes the link, or its token alone, tells neither in the log", async () => {
  const tokens: string[] = [];
  await onSite(async ({ world, ask }) => {
    const reply = await ask("POST /magic-link/start", {
      headers: { origin: BASE_URL },
      body: { email: ADA },
    });
    expect([reply.body, reply.headers.getSetCookie()]).toEqual([failure("mail_failed"), []]);
    const text = JSON.stringify(world.lines);
    expect(text).toContain("?token=[hidden], that is ?token=[hidden]");
    expect(tokens).toHaveLength(1);
    for (const token of tokens) expect(text).not.toContain(token);
    expect([...(await world.contents()).keys()].filter((key) => key.startsWith("challenges"))).toEqual([]);
  }, {
    email: {
      from: "no-reply@example.com",
      send({ data: { link = "" } }) {
        tokens.push(new URL(link).searchParams.get("token") ?? "");
        throw new Error(`cannot send ${link}, that is ?token=${tokens[0]}`);
      },
    },
  });
});

describe("a page of another origin", () => {
  const headers = { origin: "https://other.example" };

  test("has no link sent, and follows none", async () => {
    await onSite(async ({ world, ask }) => {
      for (const session of ["cookie", "bearer"]) {
        const start = await ask("POST /magic-link/start", { headers, body: { email: ADA, session } });
        expect(start.body).toEqual(failure("origin_forbidden"));
      }
      expect(world.mailbox.messages).toEqual([]);
      const token = await mailed(world, ask);
      const body = { token, challengeId: "a".repeat(26) };
      expect((await ask("POST /magic-link/verify", { headers, body })).body).toEqual(
        failure("origin_forbidden"),
      );
    });
  });

  test("that may ask without cookies begins none that a cookie would bind, and brings none", async () => {
    await onSite(async ({ ask }) => {
      const cookie = `latchkey-3000-link=${"a".repeat(26)}`;
      const tries = [
        await ask("POST /magic-link/start", { headers, body: { email: ADA } }),
        await ask("POST /magic-link/start", {
          headers: { ...headers, cookie },
          body: { email: ADA, session: "bearer" },
        }),
      ];
      for (const { body } of tries) expect(body).toEqual(failure("origin_forbidden"));
      const { status } = await ask("POST /magic-link/start", {
        headers,
        body: { email: ADA, session: "bearer" },
      });
      expect(status).toBe(200);
    }, { cors: { origin: "*" } });
  });
});

test("past an hour's mails the reply is the same, and no mail leaves", async () => {
  await onSite(async ({ world, auth }) => {
    const replies = [];
    for (let i = 0; i < 6; i++) {
      const { challengeId, ...times } = await auth.magicLink.start({ email: ADA });
      replies.push([challengeId.length, times]);
    }
    expect(new Set(replies.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(world.mailbox.messages).toHaveLength(5);
  });
});

test("a link under an old secret counts as long as that is listed", async () => {
  const here = world("memory", "method");
  const { challengeId } = await here.server().magicLink.start({ email: ADA });
  const token = tokenFor(here);
  const other = "another-secret-of-these-tests-0123456789";
  const rotated = here.another({ secret: [other, SECRET] });
  expect((await rotated.magicLink.verify({ token, challengeId })).user.email).toBe(ADA);
  await here.close();
});

test("a link's seal is its own, and what is under it is no code", async () => {
  const here = world("memory", "method");
  const auth = here.server();
  const { challengeId } = await auth.magicLink.start({ email: ADA });
  const keys = keyring([SECRET], here.random);
  const opened = await keys.open("magic-link", tokenFor(here));
  const plain = opened.is === "open" ? opened.plain : "";
  here.saw([plain.slice(26)]);
  expect(plain).toMatch(new RegExp(`^${challengeId}[a-z2-7]{26}$`));
  expect(await outcome(auth.emailOtp.verify({ challengeId, code: plain.slice(26) }))).toBe(
    "challenge_invalid",
  );
  for (const label of ["email-otp", "replies", "signing-keys"] as const) {
    const token = await keys.seal(label, plain);
    expect(await outcome(auth.magicLink.verify({ token, challengeId }))).toBe("challenge_invalid");
  }
  const mail = await auth.emailOtp.start({ email: ADA });
  const token = await keys.seal("magic-link", mail.challengeId + plain.slice(26));
  expect(await outcome(auth.magicLink.verify({ token, challengeId: mail.challengeId }))).toBe(
    "challenge_invalid",
  );
  await here.close();
});

test.each<[string, Partial<AuthOptions>, object, string]>([
  ["a way of carrying it that is off", { session: { mode: "cookie" } }, { session: "bearer" }, "session"],
  ["an audience that nobody knows", {}, { audience: "https://other.example" }, "audience"],
])("%s is refused before anything is mailed", async (_, options, more, path) => {
  await onSite(async (site) => {
    const reply = await site.ask("POST /magic-link/start", { body: { email: ADA, ...more } });
    expect([reply.status, Object.keys(issues(reply))]).toEqual([400, [path]]);
    expect(site.world.mailbox.messages).toEqual([]);
  }, options);
});

test("where tokens carry sessions a link gives some, for whom start said, and no cookie", async () => {
  const audience = "https://api.example.com";
  const links: string[] = [];
  await onSite(async ({ ask }) => {
    const { body } = await ask("POST /magic-link/start", { body: { email: ADA, audience } });
    const token = new URL(links[0] ?? "").searchParams.get("token");
    const { challengeId } = Object(body);
    const reply = await ask("POST /magic-link/verify", { body: { token, challengeId } });
    expect([reply.status, reply.headers.getSetCookie()]).toEqual([201, []]);
    const { accessToken, refreshToken } = Object(reply.body);
    const claims = JSON.parse(
      atob(String(accessToken).split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""),
    );
    expect([claims.aud, claims.amr, typeof refreshToken]).toEqual([audience, ["email"], "string"]);
  }, {
    session: { mode: "bearer" },
    audiences: [audience],
    email: {
      from: "no-reply@example.com",
      send: ({ data }) => void links.push(data["link"] ?? ""),
      links: { magicLink: "https://app.example.com/in" },
    },
  });
});

test.each([
  ["en", "Your link to sign in", "It is valid for 15 minutes, and only once."],
  ["de", "Ihr Link zum Anmelden", "Er ist 15 Minuten lang und nur einmal gültig."],
])("the mail speaks %s", async (locale, subject, sentence) => {
  const sent: { readonly subject: string; readonly text: string }[] = [];
  await onSite(async ({ auth }) => {
    await auth.magicLink.start({ email: ADA, client: { locale } });
    expect(sent.map((one) => [one.subject, one.text.includes(sentence)])).toEqual([[subject, true]]);
  }, { email: { from: "no-reply@example.com", send: (message) => void sent.push(message) } });
});

test("an override of an operation by link answers in its place, and its grant sets the cookies", async () => {
  const asked: string[] = [];
  await onSite(async ({ world, ask }) => {
    const { body } = await ask("POST /magic-link/start", { body: { email: EVE } });
    const { challengeId } = Object(body);
    const reply = await ask("POST /magic-link/verify", { body: { token: tokenFor(world), challengeId } });
    expect([reply.status, reply.headers.getSetCookie().length]).toEqual([201, 2]);
    expect(asked).toEqual(["start", "verify"]);
  }, {
    overrides: {
      magicLink: {
        start: (input, original) => (asked.push("start"), original({ ...input, email: ADA })),
        verify: (input, original) => (asked.push("verify"), original(input)),
      },
    },
  });
});

/** Has a link mailed to a browser. */
async function mailed(world: World, ask: Site["ask"]): Promise<string> {
  await ask("POST /magic-link/start", { headers: { origin: BASE_URL }, body: { email: ADA } });
  return tokenFor(world);
}

function tokenFor({ mailbox }: World): string {
  return new URL(mailbox.link(ADA)).searchParams.get("token") ?? "";
}
