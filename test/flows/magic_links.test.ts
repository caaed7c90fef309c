import { expect } from "vitest";
import { refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import type { World } from "../suite/world.ts";

const ADA = "ada@example.com";

/** Where no browser is sent. */
const ELSEWHERE = [
  ...["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"],
  ...[
    "http://localhost:3000@evil.example",
    "http://ada@localhost:3000/",
    "https://localhost:3000/",
    "welcome",
  ],
];

/** The token in the newest link that somebody was mailed. */
function tokenFor({ mailbox }: World, address: string): string {
  return new URL(mailbox.link(address)).searchParams.get("token") ?? "";
}

flow("a link signs up, and signs in again", async (world) => {
  const ada = world.person();
  const { challengeId, ...times } = await ada.magicLink.start({ email: " Ada@Example.com " });
  expect(challengeId).toMatch(/^[a-z2-7]{26}$/);
  expect(times).toEqual({
    expiresAt: new Date(world.now() + 900_000).toISOString(),
    resendAt: new Date(world.now() + 60_000).toISOString(),
  });
  const first = await ada.magicLink.verify({ token: tokenFor(world, ADA) });
  expect([first.user.email, first.user.emailVerified, first.session.amr]).toEqual([ADA, true, ["email"]]);
  expect((await ada.sessions.get()).user?.id).toBe(first.user.id);

  const again = world.person();
  await again.magicLink.start({ email: ADA });
  const { user, session } = await again.magicLink.verify({ token: tokenFor(world, ADA) });
  expect(user).toEqual(first.user);
  expect(session.id).not.toBe(first.session.id);
});

flow("of 100 who follow one link at once, in two processes, one is let in", async (world) => {
  const { challengeId } = await world.person().magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  const follows = async (i: number) => {
    await world.person(i % 2).magicLink.verify({ token, challengeId });
    return "in";
  };
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, i) => follows(i).catch(({ code }) => String(code))),
  );
  expect(outcomes.toSorted().slice(-2)).toEqual(["challenge_invalid", "in"]);
  expect(new Set(outcomes)).toEqual(new Set(["challenge_invalid", "in"]));
});

flow("a link opened elsewhere lets nobody in, and stays good where it was asked for", async (world) => {
  const [ada, eve] = [world.person(), world.person()];
  const { challengeId } = await ada.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  for (const input of [{ token }, { token, challengeId: "a".repeat(26) }]) {
    expect((await refusal(eve.magicLink.verify(input))).code).toBe("browser_mismatch");
  }
  await eve.magicLink.start({ email: ADA }); // one of her own is no help
  expect((await refusal(eve.magicLink.verify({ token }))).code).toBe("browser_mismatch");
  expect((await eve.sessions.get()).user).toBe(null);
  const { user } = await world.person().magicLink.verify({ token, challengeId });
  expect(user.email).toBe(ADA);
  expect((await refusal(ada.magicLink.verify({ token }))).code).toBe("challenge_invalid");
});

flow("whose link it is, somebody else's mail does not tell", async (world) => {
  const [ada, eve] = [world.person(), world.person()];
  const mine = await ada.magicLink.start({ email: ADA });
  await eve.magicLink.start({ email: "eve@example.com" });
  const link = world.mailbox.link("eve@example.com");
  expect(link).not.toContain(mine.challengeId);
  // Eve sends hers to Ada, who is signed in as Eve then, if the link counts in her browser.
  expect((await refusal(ada.magicLink.verify({ token: tokenFor(world, "eve@example.com") }))).code).toBe(
    "browser_mismatch",
  );
});

flow("a browser has several links under way, and each signs in", async (world) => {
  const ada = world.person();
  const tokens: string[] = [];
  for (const email of [ADA, "lovelace@example.com", ADA]) {
    await ada.magicLink.start({ email });
    tokens.push(tokenFor(world, email));
  }
  for (const token of tokens) expect((await ada.magicLink.verify({ token })).session.amr).toEqual(["email"]);
});

flow("a link is carried as start said, and says where the browser goes", async (world) => {
  const program = world.person();
  const { challengeId } = await program.magicLink.start({
    email: ADA,
    session: "bearer",
    redirect: "/welcome?to=you",
  });
  const token = tokenFor(world, ADA);
  expect((await refusal(program.magicLink.verify({ token }))).code).toBe("browser_mismatch");
  const grant = await program.magicLink.verify({ token, challengeId });
  expect([grant.tokenType, grant.redirect]).toEqual(["Bearer", "/welcome?to=you"]);
  expect(grant.refreshToken).toMatch(/^lkr_/);
});

flow(
  "the first mail to arrive is never wrong: the link before a resend signs in, and one of the two does",
  async (world) => {
    const ada = world.person();
    const { challengeId } = await ada.magicLink.start({ email: ADA });
    const first = tokenFor(world, ADA);
    await world.turn("1m");
    await ada.challenges.resend({ challengeId });
    const second = tokenFor(world, ADA);
    expect((await ada.magicLink.verify({ token: first })).user.email).toBe(ADA);
    expect((await refusal(ada.magicLink.verify({ token: second }))).code).toBe("challenge_invalid");
  },
);

flow("a link lives from its own mail, and no more than two do", async (world) => {
  const ada = world.person();
  const { challengeId } = await ada.magicLink.start({ email: ADA });
  const first = tokenFor(world, ADA);
  await world.turn("1m");
  await ada.challenges.resend({ challengeId });
  const second = tokenFor(world, ADA);
  expect(second).not.toBe(first);
  await world.turn("1m");
  await ada.challenges.resend({ challengeId });
  const third = tokenFor(world, ADA);
  expect((await refusal(ada.magicLink.verify({ token: first }))).code).toBe("challenge_invalid");
  await world.turn("14m"); // 15 minutes after the second, 14 after the third
  expect((await refusal(ada.magicLink.verify({ token: second }))).code).toBe("challenge_invalid");
  expect((await ada.magicLink.verify({ token: third })).user.email).toBe(ADA);
});

flow("what was mailed for one way in is worth nothing for another", async (world) => {
  const ada = world.person();
  const link = await ada.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  const code = await ada.emailOtp.start({ email: ADA });
  const digits = world.mailbox.code(ADA);
  const tries = [
    () => ada.emailOtp.verify({ challengeId: link.challengeId, code: digits }),
    () => ada.magicLink.verify({ token: digits, challengeId: code.challengeId }),
    () => ada.magicLink.verify({ token: `${code.challengeId}${digits}`, challengeId: code.challengeId }),
  ];
  for (const one of tries) expect((await refusal(one())).code).toBe("challenge_invalid");
  expect((await ada.magicLink.verify({ token })).user.email).toBe(ADA);
});

flow("an altered token is worth nothing, and spends nothing", async (world) => {
  const ada = world.person();
  await ada.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  const [secret = "", nonce = "", text = ""] = token.split(".");
  const swapped = (part: string) => (part.startsWith("a") ? "b" : "a") + part.slice(1);
  const altered = [
    [swapped(secret), nonce, text],
    [secret, swapped(nonce), text],
    [secret, nonce, swapped(text)],
    [secret, nonce],
    [secret, nonce, text.slice(0, -4)],
    ["é", "\u{1F511}"],
    ["."],
  ];
  for (const parts of altered) {
    expect((await refusal(ada.magicLink.verify({ token: parts.join(".") }))).code).toBe("challenge_invalid");
  }
  expect((await ada.magicLink.verify({ token })).user.email).toBe(ADA);
});

flow("a link that was mailed before all sessions were ended lets nobody in", async (world) => {
  const ada = await world.signedIn(ADA);
  const other = world.person();
  await other.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  await ada.sessions.endAll();
  expect((await refusal(other.magicLink.verify({ token }))).code).toBe("challenge_invalid");
});

flow("a redirect that leads elsewhere is refused before anything is mailed", async (world) => {
  for (const redirect of ELSEWHERE) {
    const { code, details } = await refusal(world.person().magicLink.start({ email: ADA, redirect }));
    expect([redirect, code, details?.issues?.map(({ path }) => path)]).toEqual([
      redirect,
      "input_invalid",
      ["redirect"],
    ]);
  }
  expect(world.mailbox.messages).toEqual([]);
});

flow("where links may not sign up, nobody can tell who has an account", async (world) => {
  await world.signedIn(ADA);
  const told: object[] = [];
  for (const email of [ADA, "nobody@example.com"]) {
    const { challengeId: _, ...times } = await world.person().magicLink.start({ email });
    told.push(times);
  }
  expect(told[0]).toEqual(told[1]);
  const links = () => world.mailbox.messages.filter(({ kind }) => kind === "magicLink.link");
  while (links().length === 0) await world.turn(0); // mails leave behind the reply
  expect(links().map(({ to }) => to.address)).toEqual([ADA]);
}, { options: { magicLink: { signUp: false } } });

flow("where any browser may, the phone that got the mail signs in", async (world) => {
  await world.person().magicLink.start({ email: ADA });
  expect((await world.person().magicLink.verify({ token: tokenFor(world, ADA) })).user.email).toBe(ADA);
}, { options: { magicLink: { anyBrowser: true } } });

flow("the page uses nothing up, however often programs look at it", async (world) => {
  const ada = world.person();
  await ada.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  for (let i = 0; i < 3; i++) await world.person().magicLink.page({ token });
  expect((await ada.magicLink.verify({ token })).user.email).toBe(ADA);
});

flow(
  "whoever follows a link has proven the address: what somebody else set up with it goes",
  async (world) => {
    const { users, sessions } = world.server();
    const { id } = await users.create({ email: ADA, name: "Mallory" });
    const { accessToken = "" } = await sessions.create({ userId: id, session: "bearer" });
    const ada = world.person();
    await ada.magicLink.start({ email: ADA });
    const { user } = await ada.magicLink.verify({ token: tokenFor(world, ADA) });
    expect([user.id, user.emailVerified, user.name]).toEqual([id, true, null]);
    expect(await sessions.verify({ token: accessToken })).toBe(null);
  },
);

flow("a link that somebody follows who is signed in ends that session", async (world) => {
  const ada = await world.signedIn(ADA);
  await ada.magicLink.start({ email: ADA });
  const { user, session } = await ada.magicLink.verify({ token: tokenFor(world, ADA) });
  const { items } = await world.server().sessions.list({ userId: user.id });
  expect(items.map(({ id }) => id)).toEqual([session.id]);
});

flow("a hook refuses whoever comes by a link, and the link is used up", async (world) => {
  const ada = world.person();
  await ada.magicLink.start({ email: ADA });
  const token = tokenFor(world, ADA);
  const refused = await refusal(ada.magicLink.verify({ token }));
  expect([refused.code, refused.details]).toEqual(["sign_in_denied", { reason: "by email" }]);
  expect((await refusal(ada.magicLink.verify({ token }))).code).toBe("challenge_invalid");
}, { options: { hooks: { beforeSignUp: ({ amr }) => ({ deny: `by ${amr.join(" and ")}` }) } } });
