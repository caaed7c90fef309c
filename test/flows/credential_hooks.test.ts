// What the application's own code may deny of sign-ins by passkey and by key, and what it takes away while it is asked.
import { expect } from "vitest";
import type { Hooks } from "../../src/options/hooks.ts";
import { refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { ADA as PAIR, addsKey, answering, signsInByKey } from "../suite/key_holder.ts";
import { device, registers, signingIn, signsIn } from "../suite/passkey_holder.ts";
import { outcome } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

/** Ada has a passkey and a key; and somebody signs in by each, at a server with a hook of its own. */
async function site(world: World, beforeSignIn: NonNullable<Hooks["beforeSignIn"]>) {
  const owner = await world.signedIn("ada@example.com");
  const held = device(world);
  const passkey = await registers(owner, held);
  const key = await addsKey(owner, PAIR);
  const auth = world.another({ hooks: { beforeSignIn } });
  const [browser, program] = [world.at(auth), world.at(auth)];
  const answers = {
    passkey: await signingIn(browser, held),
    key: await answering(PAIR, await program.key.startSignIn({ publicKey: PAIR.x })),
  };
  const attempts = {
    passkey: () => browser.passkey.finishSignIn(answers.passkey),
    key: () => program.key.finishSignIn(answers.key),
  };
  const { user } = await world.server().requireSession(owner.headers);
  return {
    user,
    held,
    passkey,
    key,
    auth,
    attempts,
    shown: [browser, program].map(({ headers }) => headers),
  };
}

/** What is stored besides challenges, which are spent. */
async function kept({ contents }: World): Promise<ReadonlyMap<string, string>> {
  return new Map([...await contents()].filter(([key]) => !/^(challenges|limits):/.test(key)));
}

flow(
  "a hook denies a sign-in by passkey and by key: no session, both as they were, the challenges spent",
  async (world) => {
    const asked: object[] = [];
    const told: unknown[] = [];
    const { user, held, auth, attempts, shown } = await site(world, (input) => {
      asked.push(input);
      return { deny: "Not by this." };
    });
    auth.on("signIn.failed", ({ operation, code }) => void told.push([operation, code]));
    auth.on("passkey.cloned", () => void told.push("a copy"));
    const before = await kept(world);
    for (const attempt of [attempts.passkey, attempts.key]) {
      expect(await refusal(attempt())).toMatchObject({
        code: "sign_in_denied",
        status: 403,
        details: { reason: "Not by this." },
      });
      expect(await outcome(attempt()), "it was answered").toBe("challenge_invalid");
    }
    expect(await kept(world)).toEqual(before);
    expect(shown.map((headers) => [headers.has("cookie"), headers.has("authorization")])).toEqual([
      [false, false],
      [false, false],
    ]);
    const client = expect.objectContaining({ userAgent: "a test" });
    expect(asked).toEqual([
      { user, amr: ["swk", "user"], client },
      { user, amr: ["key"], client },
    ]);
    expect(told).toEqual([
      ["passkey.finishSignIn", "sign_in_denied"],
      ["passkey.finishSignIn", "challenge_invalid"],
      ["key.finishSignIn", "sign_in_denied"],
      ["key.finishSignIn", "challenge_invalid"],
    ]);
    expect((await signsIn(world.person(), held)).user.id, "where nobody denies it").toBe(user.id);
    expect((await signsInByKey(world.person(), PAIR)).user.id, "where nobody denies it").toBe(user.id);
  },
);

flow("a hook that fails denies a sign-in by passkey and by key without a reason", async (world) => {
  const { attempts } = await site(world, () => Promise.reject(new Error("the secret plan")));
  const before = await kept(world);
  for (const attempt of [attempts.passkey, attempts.key]) {
    const { code, details, message } = await refusal(attempt());
    expect([code, details, message.includes("plan")]).toEqual(["sign_in_denied", undefined, false]);
  }
  expect(await kept(world)).toEqual(before);
});

flow("a passkey and a key that are removed while a hook thinks let nobody in", async (world) => {
  const { user: { id: userId }, passkey, key, attempts } = await site(world, async ({ amr }) => {
    const { key: keys, passkey: passkeys } = world.server();
    if (amr.includes("key")) await keys.remove({ userId, id: key.id });
    else await passkeys.remove({ userId, id: passkey.id });
  });
  expect(await outcome(attempts.passkey())).toBe("challenge_invalid");
  expect(await outcome(attempts.key())).toBe("challenge_invalid");
  expect((await world.server().sessions.list({ userId })).items).toHaveLength(1);
});
