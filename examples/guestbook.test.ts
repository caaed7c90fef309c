import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn, testbed } from "@latchkey/auth/testing";
import { guestbook } from "./guestbook.ts";

const ADA = "ada@example.com";
const SITE = "http://localhost:3000";

test("whoever is signed in may write", async () => {
  const { auth, handler } = guestbook(testbed().options);
  const headers = await signedIn(auth, ADA);
  const reply = await handler(new Request(`${SITE}/`, { method: "POST", headers, body: "I was here." }));
  assert.deepEqual(await reply.json(), ["ada@example.com: I was here."]);
});

test("a stranger may not, nor a page of somebody else", async () => {
  const { auth, handler } = guestbook(testbed().options);
  assert.equal((await handler(new Request(`${SITE}/`))).status, 401);
  const headers = await signedIn(auth, ADA);
  headers.set("origin", "https://evil.example");
  assert.equal((await handler(new Request(`${SITE}/`, { method: "POST", headers }))).status, 401);
});

test("a week without a visit ends the session", async () => {
  const { clock, options } = testbed();
  const { auth, handler } = guestbook(options);
  const headers = await signedIn(auth, ADA);
  await clock.turn("6d");
  assert.equal((await handler(new Request(`${SITE}/`, { headers }))).status, 200);
  await clock.turn("8d");
  assert.equal((await handler(new Request(`${SITE}/`, { headers }))).status, 401);
});

test("a mailed code signs in once, within ten minutes", async () => {
  const { clock, mailbox, options } = testbed();
  const { handler } = guestbook(options);
  const post = (path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    return handler(
      new Request(`${SITE}/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) }),
    );
  };
  const { challengeId } = await (await post("/email/start", { email: ADA })).json();
  const answer = { challengeId, code: mailbox.code(ADA) };
  assert.equal((await post("/email/verify", answer)).status, 201);
  assert.equal((await post("/email/verify", answer)).status, 401);
  const late = await (await post("/email/start", { email: ADA })).json();
  await clock.turn("10m");
  const { status } = await post("/email/verify", {
    challengeId: late.challengeId,
    code: mailbox.code(ADA),
  });
  assert.equal(status, 401);
});
