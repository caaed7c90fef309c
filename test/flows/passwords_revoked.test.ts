// A password that was judged before something revoked it: no session comes of it afterwards.
import { expect } from "vitest";
import { flow, test } from "../suite/flow.ts";
import { everyPoint, gate, interleave, type Operation, type Point } from "../suite/gate.ts";
import { FIRST } from "../suite/password_holder.ts";
import { made } from "../suite/password_steps.ts";
import { mailOf, outcome } from "../suite/steps.ts";
import { type World, world } from "../suite/world.ts";

const OTHER = "quite another password";

/** What revokes a password that was judged: prepared, and done. How many sessions it leaves. */
interface Revocation {
  readonly prepare: (here: World, userId: string, email: string) => Promise<() => Promise<unknown>>;
  readonly leaves: number;
}

const REVOCATIONS: Readonly<Record<string, Revocation>> = {
  "all sessions were ended": {
    prepare: ({ server }, userId) => Promise.resolve(() => server(1).sessions.endAll({ userId })),
    leaves: 0,
  },
  "the password was changed": {
    prepare: ({ server }, userId) =>
      Promise.resolve(() =>
        server(1).password.change({ userId, currentPassword: FIRST, newPassword: OTHER })
      ),
    leaves: 1,
  },
  "the password was reset": {
    async prepare(here, _, email) {
      const sent = mailOf(here.server(1), "password.resetLink");
      await here.server(1).password.startReset({ email });
      await sent;
      const token = new URL(here.mailbox.link(email)).searchParams.get("token") ?? "";
      return () => here.server(1).password.finishReset({ token, newPassword: OTHER });
    },
    leaves: 0,
  },
  "the account was removed": {
    prepare: ({ server }, id) => Promise.resolve(() => server(1).users.remove({ id })),
    leaves: 0,
  },
};

const isPaid = ({ call, key }: Operation) => call === "swap" && key.startsWith("limits:");
const isRead = ({ call, key }: Operation) => call === "getItem" && key.startsWith("users:");

/** Holds a sign-in at a point, revokes, and lets it go on: whether it came there, and what became of it. */
async function held(here: World, { prepare, leaves }: Revocation, point: Point, email: string) {
  const userId = await made(here, email);
  const revokes = await prepare(here, userId, email);
  const stopped = gate(here.driver());
  const eve = here.at(here.another({ storage: stopped.driver }));
  const work = () => eve.password.signIn({ identifier: email, password: FIRST });
  const result = await interleave({ gate: stopped, point, work, meanwhile: revokes });
  const left = (await here.server().sessions.list({ userId })).items;
  if (result.held) {
    expect([point, left.length]).toEqual([point, leaves]);
    expect([point, await outcome(eve.account.get())]).not.toEqual([point, "fine"]);
  }
  return result;
}

flow("no session begins by a password that was judged before it was revoked", async (here) => {
  for (const [i, [what, revocation]] of Object.entries(REVOCATIONS).entries()) {
    const email = `user-${i}@example.com`;
    const result = await held(here, revocation, { n: 1, since: isPaid }, email);
    expect([what, result]).toEqual([what, { held: true, told: { code: "challenge_invalid" } }]);
  }
});

test.each(Object.entries(REVOCATIONS))(
  "wherever a sign-in was after it read the account, it leaves no session once %s",
  async (_, revocation) => {
    const points = await everyPoint(async ({ n, side }) => {
      const here = world("memory", "method");
      const result = await held(here, revocation, { n, side, since: isRead }, "ada@example.com");
      await here.close();
      return result.held;
    });
    expect(points).toBeGreaterThan(2);
  },
);
