// The application's own code at a few named points: what it may deny, and what it can never spoil.
import { expect } from "vitest";
import type { AuthOptions } from "../../src/options.ts";
import type { Hooks } from "../../src/options/hooks.ts";
import type { Client } from "../suite/client.ts";
import { flow } from "../suite/flow.ts";
import { outcome } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";

/** A server with hooks, somebody at it, and what it logs. */
function site(world: World, hooks: Hooks, options: Partial<AuthOptions> = {}) {
  const logged: string[] = [];
  const error = (line: object) => {
    const { message, cause } = line as { message: string; cause?: { message: string } };
    logged.push(`${message} ${cause?.message}`);
  };
  const auth = world.another({ hooks, ...options, logger: { info() {}, warn() {}, error } });
  return { auth, logged, ada: world.at(auth) };
}

async function answerFor(world: World, client: Client, email: string) {
  const { challengeId } = await client.emailOtp.start({ email });
  return { challengeId, code: world.mailbox.code(email) };
}

/** What is stored besides challenges, which are spent. */
async function kept({ contents }: World): Promise<ReadonlyMap<string, string>> {
  return new Map([...await contents()].filter(([key]) => !/^(challenges|limits):/.test(key)));
}

function body(details?: object) {
  return { code: "sign_in_denied", ...(details && { details }) };
}

async function denial(asked: Promise<unknown>): Promise<object> {
  const error = await asked.then(() => ({ code: "nobody was denied" }), (thrown) => thrown);
  return { code: error.code, ...(error.details && { details: error.details }) };
}

flow("a hook denies a sign-up with a reason: no account, no session, nothing half made", async (world) => {
  const asked: object[] = [];
  const told: unknown[] = [];
  const { ada, auth } = site(world, {
    beforeSignUp(input) {
      asked.push(input);
      return { deny: "Ask for an invitation." };
    },
    beforeSignIn: () => void asked.push({}),
  });
  auth.on("signUp.failed", ({ event, code }) => void told.push([event, code]));
  const answer = await answerFor(world, ada, ADA);
  const before = await kept(world);
  expect(await denial(ada.emailOtp.verify(answer))).toEqual(body({ reason: "Ask for an invitation." }));
  expect(asked).toEqual([{
    email: ADA,
    identifier: { type: "email", value: ADA },
    amr: ["otp", "email"],
    client: expect.objectContaining({ userAgent: "a test" }),
  }]);
  expect(told).toEqual([["signUp.failed", "sign_in_denied"]]);
  expect(await kept(world)).toEqual(before);
  // The proof is spent.
  expect(await outcome(ada.emailOtp.verify(answer))).toBe("challenge_invalid");
  expect(await world.server().users.find({ email: ADA })).toBe(null);
});

flow(
  "a hook denies a sign-in: sessions there were go on, none is added, by sessions.create neither",
  async (world) => {
    const first = await world.signedIn(ADA);
    const { user } = await world.server().requireSession(first.headers);
    const asked: object[] = [];
    const { auth, ada } = site(world, {
      async beforeSignIn(input) {
        asked.push(input);
        await Promise.resolve();
        return { deny: "Not today." };
      },
      beforeSignUp: () => void asked.push({}),
    });
    const answer = await answerFor(world, ada, ADA);
    const before = await kept(world);
    expect(await denial(ada.emailOtp.verify(answer))).toEqual(body({ reason: "Not today." }));
    expect(await denial(auth.sessions.create({ userId: user.id }))).toEqual(body({ reason: "Not today." }));
    expect(asked).toEqual([
      { user, amr: ["otp", "email"], client: expect.objectContaining({ userAgent: "a test" }) },
      { user, amr: [], client: {} },
    ]);
    expect(await kept(world)).toEqual(before);
    expect(ada.headers.has("cookie")).toBe(false);
    expect((await auth.getSession(first.headers)).user).toEqual(user);
  },
);

flow(
  "a hook that fails, by whatever it does, denies without a reason; the log alone knows why",
  async (world) => {
    const failures: Readonly<Record<string, Hooks["beforeSignUp"]>> = {
      throws: () => {
        throw new Error("the secret plan");
      },
      rejects: () => Promise.reject(new Error("the secret plan")),
      "throws nothing": () => Promise.reject(undefined),
      "answers false": (() => false) as never,
      "answers true": (() => true) as never,
      "gives no reason": () => ({ deny: "" }),
      "gives two lines": () => ({ deny: "a\r\nSet-Cookie: b" }),
      "says too much": () => ({ deny: "a".repeat(201) }),
    };
    for (const [name, beforeSignUp] of Object.entries(failures)) {
      await world.turn("1h"); // for there to be another mail
      const { ada, logged } = site(world, { beforeSignUp: beforeSignUp! });
      const answer = await answerFor(world, ada, ADA);
      const before = await kept(world);
      expect([name, await denial(ada.emailOtp.verify(answer))]).toEqual([name, body()]);
      expect([name, await kept(world)]).toEqual([name, before]);
      expect(logged).toHaveLength(1);
      if (name === "throws") expect(logged).toEqual(["The hook beforeSignUp failed. the secret plan"]);
    }
  },
);

flow("a hook that hangs denies at its deadline, and the next sign-in works", async (world) => {
  let hangs = true;
  const { promise: asked, resolve: arrive } = Promise.withResolvers<void>();
  const { ada, logged } = site(world, {
    beforeSignUp() {
      arrive();
      return hangs ? new Promise(() => {}) : undefined;
    },
  });
  const waiting = denial(ada.emailOtp.verify(await answerFor(world, ada, ADA)));
  await asked;
  await world.turn("6s");
  expect(await waiting).toEqual(body());
  expect(logged).toEqual(["The hook beforeSignUp failed. no answer within 5000 ms"]);
  hangs = false;
  expect((await ada.emailOtp.verify(await answerFor(world, ada, ADA))).user.email).toBe(ADA);
});

flow("what is revoked while a hook thinks is revoked: the sign-in comes to nothing", async (world) => {
  const owner = await world.signedIn(ADA);
  const { user } = await world.server().requireSession(owner.headers);
  const hooks: Hooks = {
    beforeSignIn: async () => void await world.server().sessions.endAll({ userId: user.id }),
  };
  const { ada, auth } = site(world, hooks);
  expect(await outcome(ada.emailOtp.verify(await answerFor(world, ada, ADA)))).toBe("challenge_invalid");
  expect(await outcome(auth.sessions.create({ userId: user.id }))).toBe("challenge_invalid");
  expect(await world.server().sessions.list({ userId: user.id })).toEqual({ items: [] });
  const remover = site(world, {
    beforeSignIn: async () => void await world.server().users.remove({ id: user.id }),
  }).ada;
  expect(await outcome(remover.emailOtp.verify(await answerFor(world, remover, ADA)))).toBe(
    "challenge_invalid",
  );
  expect(await world.server().users.find({ email: ADA })).toBe(null);
});

flow(
  "whoever gets an account while the hook for sign-ups thinks is asked about as a sign-in too",
  async (world) => {
    const { ada } = site(world, {
      beforeSignUp: async () => void await world.signedIn(ADA),
      beforeSignIn: ({ user }) => ({ deny: `There is ${user.email} already.` }),
    });
    expect(await denial(ada.emailOtp.verify(await answerFor(world, ada, ADA)))).toEqual(
      body({ reason: `There is ${ADA} already.` }),
    );
  },
);

flow("ending all sessions tells the hook once, of all that ended", async (world) => {
  const told: { readonly userId: string; readonly sessionIds: readonly string[] }[] = [];
  const { auth, ada } = site(world, {
    afterSignOut: ({ userId, sessionIds }) => void told.push({ userId, sessionIds: sessionIds.toSorted() }),
  });
  const grants = [];
  const devices = [ada, world.at(auth), world.at(auth)];
  for (const device of devices) {
    grants.push(await device.emailOtp.verify(await answerFor(world, device, ADA)));
  }
  const [first, ...others] = grants.map(({ session }) => session.id);
  const userId = grants[0]!.user.id;
  await ada.sessions.endAll({ except: first! });
  await ada.sessions.endAll({ except: first! });
  await auth.sessions.endAll({ userId });
  await auth.sessions.endAll({ userId });
  expect(told).toEqual([
    { userId, sessionIds: others.toSorted() },
    { userId, sessionIds: [first] },
  ]);
});

flow(
  "hooks are told of what happened; if they fail, the reply does not, and the log knows",
  async (world) => {
    const told: object[] = [];
    const note = (point: string) => (input: object) => {
      told.push({ point, ...input });
      Object.assign(Object(input), { user: "changed" });
      throw new Error(point);
    };
    const { auth, ada, logged } = site(world, {
      afterSignUp: note("afterSignUp"),
      afterSignIn: note("afterSignIn"),
      afterSignOut: note("afterSignOut"),
    });
    const first = await ada.emailOtp.verify(await answerFor(world, ada, ADA));
    const bob = world.at(auth);
    const second = await bob.emailOtp.verify(await answerFor(world, bob, ADA));
    await bob.sessions.end({ id: second.session.id });
    await ada.sessions.signOut();
    await ada.sessions.signOut();
    const client = expect.objectContaining({ userAgent: "a test" });
    const amr = ["otp", "email"];
    expect(first.user.email).toBe(ADA);
    expect(told).toEqual([
      { point: "afterSignUp", user: first.user, session: first.session, amr, client },
      { point: "afterSignIn", user: second.user, session: second.session, amr, client },
      { point: "afterSignOut", userId: first.user.id, sessionIds: [second.session.id], client },
      { point: "afterSignOut", userId: first.user.id, sessionIds: [first.session.id], client },
    ]);
    expect(logged).toEqual(
      ["afterSignUp", "afterSignIn", "afterSignOut", "afterSignOut"].map((hook) =>
        `The hook ${hook} failed. ${hook}`
      ),
    );
  },
);
