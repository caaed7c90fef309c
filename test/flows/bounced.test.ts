// Addresses that sent mail back: nothing is mailed there for a day, and nobody sees it from outside.
import { expect } from "vitest";
import { refusal } from "../suite/faults.ts";
import { flow, test } from "../suite/flow.ts";
import { recording } from "../suite/operations.ts";
import { world } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const DAY = 86_400_000;

flow("nothing is mailed to an address that bounced, for a day, by any server", async (world) => {
  const { now, mailbox, turn } = world;
  const { mail } = world.server(1);
  expect(await mail.bounced({ address: " ADA@Example.com" })).toEqual({
    until: new Date(now() + DAY).toISOString(),
  });
  const ada = world.person();
  const step = await ada.emailOtp.start({ email: ADA });
  expect(step).toEqual({
    challengeId: expect.stringMatching(/^[a-z2-7]{26}$/),
    expiresAt: new Date(now() + 600_000).toISOString(),
    resendAt: new Date(now() + 60_000).toISOString(),
  });
  await turn("1m");
  const again = await ada.challenges.resend({ challengeId: step.challengeId });
  expect(again).toEqual({ ...step, ...inFuture(now()) });
  await world.person().emailOtp.start({ email: BOB });
  expect(mailbox.messages.map(({ to }) => to.address)).toEqual([BOB]);
  const guess = ada.emailOtp.verify({ challengeId: step.challengeId, code: "000000" });
  expect(await refusal(guess)).toMatchObject({ code: "code_invalid", details: { attemptsLeft: 4 } });
  await turn(DAY / 1000 - 60);
  await world.signedIn(ADA);
});

flow("the day begins anew when it bounces again; what is kept of it tells no address", async (world) => {
  const { mail } = world.server();
  await mail.bounced({ address: ADA });
  await world.turn("20h");
  await mail.bounced({ address: ADA });
  await world.turn("23h");
  const kept = [...await world.contents()].filter(([key]) => key.startsWith("limits:"));
  expect(kept.map(([key]) => key)).toEqual([expect.stringMatching(/^limits:[a-z2-7]{52}$/)]);
  expect(JSON.stringify(kept)).not.toContain("ada");
  await world.person().emailOtp.start({ email: ADA });
  expect(world.mailbox.messages).toEqual([]);
  await world.turn("3h");
  await world.server().sweep();
  expect([...(await world.contents()).keys()].filter((key) => key.startsWith("limits:"))).toEqual([]);
});

test("a known address, a bounced one and an unknown one ask the same of the store, in the same order", async () => {
  for (const signUp of [true, false]) {
    const { wrap, record } = recording();
    const here = world("memory", "http", { wrap, options: { emailOtp: { signUp, resendAfter: 0 } } });
    await here.server().users.create({ email: ADA });
    await here.server().users.create({ email: BOB });
    await here.server().mail.bounced({ address: BOB });
    const seen = [];
    for (const email of [ADA, BOB, "nobody@example.com"]) {
      const somebody = here.person();
      seen.push(
        await record(async () => {
          const { challengeId } = await somebody.emailOtp.start({ email });
          await somebody.challenges.resend({ challengeId });
          await here.turn(1); // what happens behind the reply
        }),
      );
    }
    expect([seen[1], seen[2]]).toEqual([seen[0], seen[0]]);
    expect(seen[0]).toEqual(expect.arrayContaining([["get limits", "get limits", "swap limits"]]));
    const mailed = here.mailbox.messages.map(({ to }) => to.address);
    expect(new Set(mailed)).toEqual(new Set(signUp ? [ADA, "nobody@example.com"] : [ADA]));
    await here.close();
  }
});

test("what is no address is input_invalid", async () => {
  const here = world("memory", "method");
  const { mail } = here.server();
  const wrong = [undefined, null, {}, { address: "ada" }, { address: 5 }, { address: ADA, until: 5 }, {
    address: [ADA],
  }];
  for (const input of wrong) {
    expect(await refusal(mail.bounced(input as { address: string })), JSON.stringify(input)).toMatchObject({
      code: "input_invalid",
      status: 400,
    });
  }
  await here.close();
});

function inFuture(now: number) {
  return { expiresAt: new Date(now + 600_000).toISOString(), resendAt: new Date(now + 60_000).toISOString() };
}
