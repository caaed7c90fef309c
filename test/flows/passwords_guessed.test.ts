// What strangers may guess at a password, and that it costs the owner of the account nothing.
import { expect } from "vitest";
import { LONG } from "../proof/showed.ts";
import type { Client } from "../suite/client.ts";
import { refusal } from "../suite/faults.ts";
import { flow, RUNTIME, test } from "../suite/flow.ts";
import { FIRST, SECOND } from "../suite/password_holder.ts";
import { counting, made } from "../suite/password_steps.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { BASE_URL, type World, world } from "../suite/world.ts";

const [ADA, BOB] = ["ada@example.com", "bob@example.com"];
const ADDRESSES = LONG ? 10_000 : 500;

flow("strangers have fifty passwords judged an hour, and the owner's device gets in", async (here) => {
  const { password, count } = counting();
  const servers = [here.another({ password }), here.another({ password })];
  await made(here, ADA);
  const ada = here.at(servers[0]!);
  await ada.password.signIn({ identifier: ADA, password: FIRST });
  count.judged = 0;
  const guesses = Array.from({ length: 60 }, (_, i) => guess(here.at(servers[i % 2]!), `guess number ${i}`));
  expect(tally(await Promise.all(guesses))).toEqual({ credentials_invalid: 50, rate_limited: 10 });
  expect(count.judged).toBe(50);
  const refused = await refusal(here.person().password.signIn({ identifier: ADA, password: FIRST }));
  expect(refused, "the right one is not judged either").toMatchObject({
    code: "rate_limited",
    status: 429,
    details: { retryAfter: 72 },
  });
  expect(await guess(ada, "mistyped")).toBe("credentials_invalid");
  expect(await guess(ada, FIRST)).toBe("fine");
  await here.turn("72s");
  expect(await guess(here.person(), FIRST), "one more").toBe("fine");
});

test("passwords and codes of one account are guessed at from one budget", async () => {
  const here = world("memory", "http");
  await made(here, ADA);
  for (let i = 0; i < 30; i++) expect(await guess(here.person(i % 2), "wrong")).toBe("credentials_invalid");
  const code = "123456789";
  for (let i = 0; i < 4; i++) {
    const stranger = here.person(i % 2);
    const { challengeId } = await stranger.emailOtp.start({ email: ADA });
    for (let left = 4; left >= 0; left--) {
      expect(await outcome(stranger.emailOtp.verify({ challengeId, code }))).toBe("code_invalid");
    }
  }
  expect(await guess(here.person(), FIRST)).toBe("rate_limited");
  await here.close();
});

test("a device stays known through a change of the password, and through nothing else that ends all sessions", async () => {
  const here = world("memory", "http");
  await made(here, ADA);
  const [ada, other] = [here.person(), here.person(1)];
  for (const one of [ada, other]) expect(await guess(one, FIRST)).toBe("fine");
  await ada.password.change({ currentPassword: FIRST, newPassword: SECOND });
  for (let i = 0; i < 50; i++) expect(await guess(here.person(i % 2), "wrong")).toBe("credentials_invalid");
  expect([await guess(ada, SECOND), await guess(other, SECOND)]).toEqual(["fine", "rate_limited"]);
  await here.close();
});

test("whoever signs in gets back what the password cost", async () => {
  const here = world("memory", "method");
  await made(here, ADA);
  for (let i = 0; i < 49; i++) expect(await guess(here.person(i % 2), "wrong")).toBe("credentials_invalid");
  for (let i = 0; i < 3; i++) expect(await guess(here.person(i % 2), FIRST)).toBe("fine");
  expect(await guess(here.person(), "wrong"), "the last of the hour").toBe("credentials_invalid");
  expect(await guess(here.person(), FIRST)).toBe("rate_limited");
  await here.close();
});

flow("an address that nobody has is counted like one with an account", async (here) => {
  await made(here, ADA);
  const all: unknown[] = [];
  for (const identifier of [ADA, BOB]) {
    const answers: unknown[] = [];
    for (let i = 0; i < 52; i++) {
      answers.push(await refusal(here.person(i % 2).password.signIn({ identifier, password: "a guess" })));
    }
    all.push(answers);
  }
  expect(all[1]).toEqual(all[0]);
});

flow("a device that is known pays for its own guesses", async (here) => {
  await made(here, ADA);
  const ada = here.person();
  expect(await guess(ada, FIRST)).toBe("fine");
  for (let i = 0; i < 50; i++) expect(await guess(ada, "mistyped")).toBe("credentials_invalid");
  expect(await guess(ada, FIRST)).toBe("rate_limited");
  expect(await guess(here.person(), FIRST), "strangers have their own").toBe("fine");
});

test("after a hundred wrong passwords in a row no stranger's is judged, however slowly they came", async () => {
  const { password, count } = counting();
  const here = world("memory", "method", { options: { password } });
  await made(here, ADA);
  const ada = here.person();
  await guess(ada, FIRST);
  count.judged = 0;
  for (let i = 0; i < 100; i++) {
    expect(await guess(here.person(i % 2), "wrong")).toBe("credentials_invalid");
    await here.turn("12m");
  }
  const refused = await refusal(here.person().password.signIn({ identifier: ADA, password: FIRST }));
  expect(refused).toMatchObject({ code: "rate_limited", details: { retryAfter: 3600 } });
  expect(count.judged).toBe(100);
  const bob = await refusal(here.person().password.signIn({ identifier: BOB, password: FIRST }));
  expect(bob.code, "others are not waited for").toBe("credentials_invalid");
  const device = here.person();
  await signIn(here, ADA, "cookie", device); // by a long code, which nobody guesses
  expect(await guess(here.person(), FIRST), "a sign-in ends the row").toBe("fine");
  for (let i = 0; i < 101; i++) {
    await guess(here.person(), "wrong");
    await here.turn("12m");
  }
  expect(await guess(here.person(), FIRST)).toBe("rate_limited");
  expect(await guess(ada, FIRST), "the owner's device").toBe("fine");
  await here.close();
});

test.runIf(RUNTIME === "node")(
  `${ADDRESSES} guesses from as many addresses come to the hour's fifty, and the owner gets in from a known device`,
  async () => {
    const { password, count } = counting();
    const here = world("memory", "http", { options: { clientIp: "direct", password } });
    await made(here, ADA);
    const device = new Headers({ "latchkey-device": await deviceOf(here) });
    count.judged = 0;
    const answers: Record<string, number> = {};
    for (let i = 0; i < ADDRESSES; i += 100) {
      const all = Array.from({ length: 100 }, async (_, j) => {
        const address = `10.0.${(i + j) >> 8}.${(i + j) & 255}`;
        const { status } = await signInFrom(here, address, new Headers(), "a guess of many");
        answers[status] = (answers[status] ?? 0) + 1;
      });
      await Promise.all(all);
    }
    expect(answers).toEqual({ 401: 50, 429: ADDRESSES - 50 });
    expect(count.judged).toBe(50);
    expect((await signInFrom(here, "10.0.0.1", device)).status).toBe(200);
    await here.close();
  },
  LONG ? 600_000 : 60_000,
);

/** The token by which a device of Ada's is known. */
async function deviceOf(here: World): Promise<string> {
  const reply = await signInFrom(here, "192.0.2.2", new Headers(), FIRST);
  const cookies = reply.headers.getSetCookie().map((one) => /-device=([^;]*)/.exec(one)?.[1]);
  return cookies.find((one) => one !== undefined) ?? "";
}

async function signInFrom(here: World, remoteAddress: string, shown: Headers, password = FIRST) {
  const headers = new Headers(shown);
  headers.set("content-type", "application/json");
  headers.set("origin", BASE_URL);
  const body = JSON.stringify({ identifier: ADA, password });
  const request = new Request(`${BASE_URL}/auth/password/sign-in`, { method: "POST", headers, body });
  return await here.server().handler(request, { remoteAddress });
}

/** What comes of a guess at Ada's password. */
function guess(somebody: Client, password: string): Promise<string> {
  return outcome(somebody.password.signIn({ identifier: ADA, password }));
}

function tally(outcomes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of outcomes) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
}
