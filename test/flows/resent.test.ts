// Clients that send a swap twice by themselves, and stores that wrote but cannot say for how long.
import { expect } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { Driver, Undurable } from "../../src/store/driver.ts";
import { flow } from "../suite/flow.ts";
import { outcome, signIn } from "../suite/steps.ts";

const ADA = "ada@example.com";

/** Every write is sent twice, and the second answer is told: no, somebody else was faster. */
function twice(isMeant: (next: string | null) => boolean): (driver: Driver) => Driver {
  return (driver) => ({
    ...driver,
    async swap(key, expected, next, options) {
      const first = await driver.swap(key, expected, next, options);
      return isMeant(next) && first ? await driver.swap(key, expected, next, options) : first;
    },
  });
}

flow("a write that was sent twice counts once, and is known for what it is", async (world) => {
  const { client, grant } = await signIn(world, ADA, "bearer");
  const { refreshToken = "" } = grant;
  const next = await world.server().sessions.refresh({ refreshToken });
  const key = `sessions:${grant.user.id}:${grant.session.id}`;
  expect(JSON.parse(String((await world.contents()).get(key)))).toMatchObject({
    family: { generation: 1 },
    rev: 2,
  });
  expect((await world.server().sessions.refresh({ refreshToken: next.refreshToken ?? "" })).user).toEqual(
    grant.user,
  );
  expect((await client.sessions.list({})).items).toHaveLength(1);
  const accounts = [...(await world.contents()).keys()].filter((one) => one.startsWith("users:"));
  expect(accounts).toEqual([`users:${grant.user.id}`]);
}, { wrap: twice((next) => next !== null) });

flow("a removal that was sent twice lets nobody in: the code is gone, and nobody has it", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  const code = world.mailbox.code(ADA);
  expect(await outcome(world.person().emailOtp.verify({ challengeId, code }))).toBe("challenge_invalid");
  expect([...(await world.contents()).keys()].filter((key) => /^(users|sessions):/.test(key))).toEqual([]);
}, { wrap: twice((next) => next === null) });

/** Writes, and says that it is not safe there. */
function unsure(driver: Driver): Driver {
  return {
    ...driver,
    async swap(key, expected, next, options) {
      const wrote = await driver.swap(key, expected, next, options);
      if (!wrote || !key.startsWith("sessions:")) return wrote;
      const undurable: Undurable = { undurable: true };
      throw Object.assign(new AuthError("storage_unavailable", { remedy: "no replica has it" }), undurable);
    },
  };
}

flow("what is written but may be lost is storage_unavailable, though it can be read", async (world) => {
  const { challengeId } = await world.person().emailOtp.start({ email: ADA });
  const code = world.mailbox.code(ADA);
  expect(await outcome(world.person().emailOtp.verify({ challengeId, code }))).toBe("storage_unavailable");
  expect([...(await world.contents()).keys()].filter((key) => key.startsWith("sessions:"))).toHaveLength(1);
}, { wrap: unsure });
