// What sessions by a key may take from those of people: nothing.
import { expect } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { FullAuth } from "../suite/client.ts";
import { flow, test } from "../suite/flow.ts";
import { ADA as PAIR, addsKey, answering, BOB as OTHER, signsInByKey } from "../suite/key_holder.ts";
import { device, registering, registers } from "../suite/passkey_holder.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { world } from "../suite/world.ts";

const ADA = "ada@example.com";

flow("where there is no room, a session by a key ends those by keys alone", async (here) => {
  const auth = here.another({ session: { maxPerUser: 3 } });
  const ada = here.at(auth);
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  await ada.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) });
  await addsKey(ada, PAIR);
  const programs = Array.from({ length: 4 }, () => here.at(auth));
  for (const program of programs) await signsInByKey(program, PAIR);
  const alive = async () =>
    await Promise.all(
      [ada, ...programs].map(async (one) => (await one.sessions.get()).user !== null),
    );
  expect(await alive(), "the oldest of a key went, and nobody's own").toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
  for (let i = 0; i < 2; i++) {
    const { challengeId } = await here.at(auth).emailOtp.start({ email: ADA });
    await here.at(auth).emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) });
  }
  expect(await alive(), "those of keys make room for people").toEqual([true, false, false, false, false]);
  expect(await outcome(signsInByKey(here.at(auth), PAIR))).toBe("limit_reached");
  expect((await ada.sessions.list()).items).toHaveLength(3);
});

flow("who has a key is told to nobody who does not hold it", async (here) => {
  const { client: ada } = await signIn(here, ADA);
  await addsKey(ada, PAIR);
  const { client: bob } = await signIn(here, "bob@example.com");
  for (const pair of [PAIR, OTHER]) {
    const step = await bob.key.startAdd({ publicKey: pair.x });
    const forged = { ...await answering(pair, step), signature: "A".repeat(86) };
    expect(await outcome(bob.key.add(forged))).toBe("signature_invalid");
    expect(await outcome(bob.key.add(await answering(pair, step))), "used up").toBe("challenge_invalid");
  }
});

test("whether a passkey is the first is asked in the swap: a read that is behind lets a key add no second one", async () => {
  let behind: string | null = null;
  const here = world("memory", "method", {
    wrap: (driver) => ({
      ...driver,
      getItem: (key) => key.startsWith("users:") && behind !== null ? behind : driver.getItem(key),
      swap(key, ...rest) {
        behind = null;
        return driver.swap(key, ...rest);
      },
    }),
  });
  const { client: ada, grant } = await signIn(here, ADA);
  await addsKey(ada, PAIR);
  const program = here.person();
  await signsInByKey(program, PAIR);
  const before = String((await here.contents()).get(`users:${grant.user.id}`));
  await registers(ada, device(here));
  const begun = await registering(ada, device(here));
  behind = before;
  expect(await outcome(program.passkey.finishRegistration(begun))).toBe("forbidden");
  expect(behind, "it was told what had been").toBe(null);
  expect((await ada.passkey.list()).items).toHaveLength(1);
  expect(await here.leaks()).toEqual([]);
  await here.close();
});

test("an application closes the exception by an override, as the page about keys does it", async () => {
  const here = world("memory", "http");
  const auth: FullAuth = here.another({
    overrides: {
      passkey: {
        async startRegistration(input, original) {
          const { session } = await auth.sessions.get(input);
          if (session?.amr.join() === "key") throw new AuthError("forbidden");
          return await original(input);
        },
      },
    },
  });
  const [ada, program] = [here.at(auth), here.at(auth)];
  const { challengeId } = await ada.emailOtp.start({ email: ADA });
  await ada.emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) });
  await addsKey(ada, PAIR);
  await signsInByKey(program, PAIR);
  expect(await outcome(registers(program, device(here)))).toBe("forbidden");
  expect(await outcome(registers(ada, device(here)))).toBe("fine");
  expect(await here.leaks()).toEqual([]);
  await here.close();
});
