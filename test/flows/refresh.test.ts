import { expect } from "vitest";
import type { Grant } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import { flow } from "../suite/flow.ts";
import { outcome, shows, signIn, watched } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";
import { rewritten } from "../suite/rewritten.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";

/** Trades a refresh token at server number `i`. */
function refresh(world: World, { refreshToken = "" }: Grant, attempt?: string, i = 0): Promise<Grant> {
  return world.person(i).sessions.refresh({ refreshToken, ...(attempt !== undefined && { attempt }) });
}

/** Whether a grant's access token lets anybody in. */
function lives(world: World, { accessToken }: Grant): Promise<string> {
  return outcome(world.server().requireSession(shows({ authorization: `Bearer ${accessToken}` })));
}

/** A grant less what is new at each answer. */
function told({ accessToken: _, deviceToken: __, ...others }: Grant): object {
  return others;
}

function generationOf({ refreshToken = "" }: Grant): number {
  return Number(/^lkr_[a-z2-7]{52}(\d+)\./.exec(refreshToken)?.[1]);
}

flow("a refresh token gets the next one and a new access token, for the same session", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const next = await refresh(world, grant);
  expect(next).toEqual({
    ...grant,
    accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    refreshToken: expect.stringMatching(/^lkr_[a-z2-7]{52}1\.[\w-]{43}$/),
  });
  expect(next.accessToken).not.toBe(grant.accessToken);
  expect(await lives(world, next)).toBe("fine");
  expect(await lives(world, grant)).toBe("fine");
});

flow(
  "however many refresh at once, on however many servers, they get one and the same token",
  async (world) => {
    const { grant } = await signIn(world, ADA, "bearer");
    const parallel = await Promise.all(
      Array.from({ length: 24 }, (_, i) => refresh(world, grant, undefined, i % 3)),
    );
    expect(new Set(parallel.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(parallel.map(generationOf)).toEqual(parallel.map(() => 1));
    const [one = grant] = parallel;
    expect(generationOf(await refresh(world, one, undefined, 2))).toBe(2);
  },
  { unhurried: true },
);

flow(
  "a token that was rotated away gets the current one for reuseLeeway, and that moves nothing",
  async (world) => {
    const { grant } = await signIn(world, ADA, "bearer");
    const next = await refresh(world, grant);
    const before = await world.contents();
    await world.turn(30);
    expect(told(await refresh(world, grant))).toEqual(told(next));
    expect(await world.contents()).toEqual(before);
    const third = await refresh(world, next);
    expect(generationOf(third)).toBe(2);
    expect(told(await refresh(world, next))).toEqual(told(third));
  },
);

flow("the leeway is counted from the rotation away from that very token", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const second = await refresh(world, grant);
  await world.turn(20);
  const third = await refresh(world, second);
  await world.turn(10);
  expect(told(await refresh(world, grant))).toEqual(told(third));
  await world.turn(1);
  expect(told(await refresh(world, second))).toEqual(told(third));
  expect(await outcome(refresh(world, grant))).toBe("refresh_reused");
});

flow("a token used again after reuseLeeway ends the session, and that one alone", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const { client: other, grant: bystander } = await signIn(world, ADA);
  const next = await refresh(world, grant);
  await world.turn(30.001);
  expect(await outcome(refresh(world, grant))).toBe("refresh_reused");
  expect(await outcome(refresh(world, next))).toBe("session_ended");
  expect(await outcome(refresh(world, grant))).toBe("session_ended");
  expect(await lives(world, next)).toBe("session_ended");
  expect((await other.sessions.list()).items).toEqual([bystander.session]);
  const keys = [...(await world.contents()).keys()].filter((key) => key.startsWith("sessions:"));
  expect(keys).toEqual([`sessions:${bystander.user.id}:${bystander.session.id}`]);
});

flow("without leeway a token works once", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  await refresh(world, grant);
  await world.turn(0.001);
  expect(await outcome(refresh(world, grant))).toBe("refresh_reused");
}, { options: { session: { reuseLeeway: 0 } } });

flow("a clock that goes back ends nobody's session", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  await world.turn("1h");
  const next = await refresh(world, grant);
  await world.turn(-1800);
  expect(told(await refresh(world, grant))).toMatchObject({ refreshToken: next.refreshToken });
});

flow("the last 8 rotations are kept: what is older was used before, however young", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const grants = [grant];
  for (let i = 0; i < 9; i++) grants.push(await refresh(world, grants.at(-1) ?? grant));
  const [oldest = grant, second = grant] = grants;
  expect((await refresh(world, second)).refreshToken).toBe(grants.at(-1)?.refreshToken);
  expect(await outcome(refresh(world, oldest))).toBe("refresh_reused");
}, { options: { session: { reuseLeeway: "5m" } } });

// Retrying after a lost reply

const ATTEMPT = "an-attempt-of-the-client";

flow("the same attempt gets the same token, however late, until that one is presented", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const next = await refresh(world, grant, ATTEMPT);
  await world.turn("6d");
  const again = await refresh(world, grant, ATTEMPT, 1);
  expect(again.refreshToken).toBe(next.refreshToken);
  const third = await refresh(world, again);
  expect(generationOf(third)).toBe(2);
  await world.turn(31);
  expect(await outcome(refresh(world, grant, ATTEMPT))).toBe("refresh_reused");
  expect(await outcome(refresh(world, third))).toBe("session_ended");
});

flow("another attempt, or none, is no retry", async (world) => {
  const tries = [["an-attempt-of-somebody-else", ATTEMPT], [undefined, ATTEMPT], [
    ATTEMPT,
    undefined,
  ]] as const;
  for (const [later, first] of tries) {
    const { client, grant } = await signIn(world, ADA, "bearer");
    await refresh(world, grant, first);
    await world.turn(31);
    expect(await outcome(refresh(world, grant, later))).toBe("refresh_reused");
    expect(await outcome(client.sessions.list())).toBe("session_ended");
  }
});

flow("an attempt is 16 to 128 characters, or it is refused and nothing moves", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const before = await world.contents();
  for (const attempt of ["", "x".repeat(15), "x".repeat(129)]) {
    expect(await outcome(refresh(world, grant, attempt))).toBe("input_invalid");
  }
  expect(await world.contents()).toEqual(before);
  for (const attempt of ["x".repeat(16), "x".repeat(128)]) {
    expect(generationOf(await refresh(world, grant, attempt))).toBe(1);
  }
});

// Forged, and of sessions that have ended

flow("a token whose keyed hash is wrong is token_invalid, and changes nothing", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const { grant: other } = await signIn(world, ADA, "bearer");
  const { grant: bobs } = await signIn(world, BOB, "bearer");
  const next = await refresh(world, grant);
  await world.turn(31);
  const { refreshToken = "" } = next;
  const [, ids = "", mac = ""] = /^(lkr_[a-z2-7]{52})1\.(.*)$/.exec(refreshToken) ?? [];
  const flipped = (mac.startsWith("A") ? "B" : "A") + mac.slice(1);
  const idsOf = ({ refreshToken: token = "" }: Grant) => token.slice(0, 56);
  const macOf = ({ refreshToken: token = "" }: Grant) => token.slice(-43);
  const before = await world.contents();
  const forged = [
    `${ids}1.${flipped}`,
    `${ids}0.${mac}`, // the hash of another generation: the reuse of 0 must not be made up
    `${ids}2.${mac}`,
    `${ids}999999999.${mac}`,
    `${ids}1.${macOf(grant)}`,
    `${idsOf(other)}0.${macOf(bobs)}`,
    `${idsOf(bobs)}0.${macOf(other)}`,
    `${idsOf(bobs)}1.${mac}`,
  ];
  for (const token of forged) {
    expect([token, await outcome(refresh(world, { ...next, refreshToken: token }))]).toEqual([
      token,
      "token_invalid",
    ]);
  }
  expect(await world.contents()).toEqual(before);
  expect(generationOf(await refresh(world, next))).toBe(2);
});

flow("a right token for a session of other ids is session_ended: there is none", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const { grant: bobs } = await signIn(world, BOB, "bearer");
  const { refreshToken = "" } = grant;
  const strange = `lkr_${bobs.user.id}${grant.session.id}${refreshToken.slice(56)}`;
  const nobody = `lkr_${"a".repeat(52)}${refreshToken.slice(56)}`;
  const before = await world.contents();
  for (const token of [strange, nobody]) {
    expect(await outcome(refresh(world, { ...grant, refreshToken: token }))).toBe("session_ended");
  }
  expect(await world.contents()).toEqual(before);
});

flow(
  "a refresh token is made of its session's random seed too: the secret alone makes none",
  async (world) => {
    const { grant } = await signIn(world, ADA, "bearer");
    const key = `sessions:${grant.user.id}:${grant.session.id}`;
    const record = String(await world.driver().getItem(key));
    await world.driver().setItem(key, rewritten(record, /("seed":")[^"]+/, `$1${"A".repeat(43)}`));
    expect(await outcome(refresh(world, grant))).toBe("token_invalid");
    await world.driver().setItem(key, record);
    expect(await outcome(refresh(world, grant))).toBe("fine");
  },
);

const store = watched();

flow("what is no refresh token is token_invalid, and never reaches the store", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const { refreshToken: right = "" } = grant;
  store.asked.length = 0;
  const wrong = [
    "garbage",
    right.slice(1),
    `${right}x`,
    ` ${right}`,
    right.replace("lkr_", "lks_"),
    right.replace("lkr_", "LKR_"),
    right.toUpperCase(),
    right.replace("0.", "."),
    right.replace("0.", "00."),
    right.replace("0.", "-1."),
    right.replace("0.", "1e3."),
    right.replace("0.", "99999999999."),
    right.replace(/lkr_.{26}/, `lkr_${"../".repeat(8)}..`),
    right.replace(/lkr_.{26}/, `lkr_${"a:".repeat(13)}`),
  ];
  for (const refreshToken of wrong) {
    const call = outcome(refresh(world, { ...grant, refreshToken }));
    expect([refreshToken, await call]).toEqual([refreshToken, "token_invalid"]);
  }
  expect(store.asked).toEqual([]);
}, { wrap: store.wrap });

flow("a cookie session has no refresh token, and none can be made up for it", async (world) => {
  const { grant } = await signIn(world, ADA);
  const { grant: bearer } = await signIn(world, ADA, "bearer");
  const refreshToken = `lkr_${grant.user.id}${grant.session.id}0.${bearer.refreshToken?.slice(-43)}`;
  expect(await outcome(refresh(world, { ...grant, refreshToken }))).toBe("token_invalid");
});

flow(
  "a refresh token is worth nothing once its session has ended, and brings nothing back",
  async (world) => {
    const { users, sessions } = world.server();
    const ways = [
      ({ user, session }: Grant) => sessions.end({ userId: user.id, id: session.id }),
      ({ user, session }: Grant) => sessions.signOut({ userId: user.id, sessionId: session.id }),
      ({ user }: Grant) => sessions.endAll({ userId: user.id }),
      ({ user }: Grant) => users.remove({ id: user.id }),
    ];
    for (const end of ways) {
      const { grant } = await signIn(world, ADA, "bearer");
      await end(grant);
      const before = await world.contents();
      expect(await outcome(refresh(world, grant, undefined, 1))).toBe("session_ended");
      expect(await world.contents()).toEqual(before);
    }
  },
);

flow("a session record that is left over after the session ended gives no token", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  const key = `sessions:${grant.user.id}:${grant.session.id}`;
  const record = String((await world.contents()).get(key));
  await world.server().sessions.endAll({ userId: grant.user.id });
  await world.driver().setItem(key, record); // its removal failed, say
  expect(await outcome(refresh(world, grant))).toBe("session_ended");
  expect(await lives(world, grant)).toBe("session_ended");
});

let meanwhile: { readonly when: "before" | "after"; readonly run: () => Promise<unknown> } | null = null;

/** Lets something happen right before or right after the first swap of a session. */
function interrupted(driver: Driver): Driver {
  return {
    ...driver,
    async swap(key, expected, next, options) {
      const due = key.startsWith("sessions:") ? meanwhile : null;
      if (due !== null) meanwhile = null;
      if (due?.when === "before") await due.run();
      const swapped = await driver.swap(key, expected, next, options);
      if (due?.when === "after") await due.run();
      return swapped;
    },
  };
}

flow(
  "a session that ends while it is refreshed stays ended: the account is read after the swap",
  async (world) => {
    for (const when of ["before", "after"] as const) {
      const { grant } = await signIn(world, ADA, "bearer");
      meanwhile = { when, run: () => world.server(1).sessions.endAll({ userId: grant.user.id }) };
      expect([when, await outcome(refresh(world, grant))]).toEqual([when, "session_ended"]);
      expect(meanwhile).toBe(null);
      const keys = [...(await world.contents()).keys()];
      expect(keys.filter((key) => key.startsWith("sessions:"))).toEqual([]);
    }
  },
  { wrap: interrupted },
);

// Time

flow("a refresh counts as use, and a refresh token lives as long as its session", async (world) => {
  let { grant } = await signIn(world, ADA, "bearer");
  const { expiresAt } = grant.session;
  for (let week = 0; week < 4; week++) {
    await world.turn("6d");
    grant = await refresh(world, grant);
    expect(grant.session.expiresAt).toBe(expiresAt);
  }
  await world.turn("6d");
  expect(await outcome(refresh(world, grant))).toBe("session_ended"); // 30 days after the sign-in
});

flow("a refresh token that nobody used for idleTtl is session_ended", async (world) => {
  const { grant } = await signIn(world, ADA, "bearer");
  await world.turn("7d");
  expect(await outcome(refresh(world, grant))).toBe("session_ended");
});

flow("no reply tells when a session was last refreshed", async (world) => {
  await world.turn("10m");
  const { grant } = await signIn(world, ADA, "bearer");
  await world.turn("2h");
  const second = await refresh(world, grant);
  expect(second.session).toEqual({ ...grant.session, lastUsedAt: "2030-01-01T02:00:00.000Z" });
  await world.turn("49m");
  const third = await refresh(world, second);
  expect(third.session).toEqual(second.session);
  await world.turn(30);
  expect(told(await refresh(world, second))).toEqual(told(third));
});
