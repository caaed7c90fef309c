// How a verifier comes by its keys: asked for once, kept for as long as they may be, and missed by nobody while they cannot be had.
import type { ServerResponse } from "node:http";
import { decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import { outcome } from "../suite/steps.ts";
import { issuer } from "./issuer.ts";
import { listening } from "./listening.ts";

const JWKS = "/auth/jwks";

test("of 50 tokens at once one asks for the keys, and nobody asks again for as long as they may be kept", async () => {
  const { asked, clock, token, verifier } = await issuer();
  const { verify } = verifier();
  const tokens = await Promise.all(Array.from({ length: 50 }, token));
  const all = async () => new Set(await Promise.all(tokens.map((one) => outcome(verify(one)))));
  expect(await all()).toEqual(new Set(["fine"]));
  expect(asked).toEqual([JWKS]);
  await clock.turn(299.999);
  expect(await all()).toEqual(new Set(["fine"]));
  expect(asked).toEqual([JWKS]);
  await clock.turn(0.001);
  expect(await all()).toEqual(new Set(["fine"]));
  expect(asked).toEqual([JWKS, JWKS]);
});

test("the keys are asked for where the handler is mounted", async () => {
  const { asked, token, url, verifier } = await issuer();
  expect(await outcome(verifier({ basePath: "/account/auth" }).verify(await token()))).toBe(
    "keys_unavailable",
  );
  expect(await outcome(verifier({ jwks: `${url}/auth/jwks?v=1` }).verify(await token()))).toBe("fine");
  expect(asked).toEqual(["/account/auth/jwks", "/auth/jwks?v=1"]);
});

/** Headers of the reply → how long the keys are kept, in seconds. */
const KEPT: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
  [{}, 300],
  [{ "cache-control": "no-cache" }, 300],
  [{ "cache-control": "max-age=600" }, 600],
  [{ "cache-control": "public, MAX-AGE=600, immutable" }, 600],
  [{ "cache-control": "s-maxage=600" }, 300],
  [{ "cache-control": "max-age=0" }, 60],
  [{ "cache-control": "max-age=86400" }, 3600],
  [{ "cache-control": "max-age=-1" }, 300],
  [{ "cache-control": "max-age=600", age: "400" }, 200],
  [{ "cache-control": "max-age=600", age: "86400" }, 60],
  [{ "cache-control": "max-age=600", age: "some" }, 600],
];

test("keys are kept for the max-age of the reply, from a minute to an hour", async () => {
  const { answers, asked, auth, clock, token, verifier } = await issuer();
  const set = JSON.stringify(await auth.signingKeys.jwks());
  for (const [headers, seconds] of KEPT) {
    answers((_, outgoing) => outgoing.writeHead(200, headers).end(set));
    const { verify } = verifier();
    const times = async () => {
      const before = asked.length;
      expect(await outcome(verify(await token()))).toBe("fine");
      return asked.length - before;
    };
    expect(await times()).toBe(1);
    await clock.turn(seconds - 0.001);
    expect([headers, await times()]).toEqual([headers, 0]);
    await clock.turn(0.001);
    expect([headers, await times()]).toEqual([headers, 1]);
  }
});

test("a new key is seen when the first token comes that it signed; unknown ones are asked for once a second", async () => {
  const { asked, clock, rotate, token, verifier } = await issuer();
  const { verify } = verifier();
  const before = await token();
  expect(await outcome(verify(before))).toBe("fine");
  await rotate();
  const tokens = await Promise.all(Array.from({ length: 20 }, token));
  const all = async () => new Set(await Promise.all(tokens.map((one) => outcome(verify(one)))));
  await clock.turn(0.999);
  expect(await all()).toEqual(new Set(["token_invalid"]));
  expect(asked).toHaveLength(1); // they were asked for within this second
  await clock.turn(0.001);
  expect(await all()).toEqual(new Set(["fine"]));
  expect(asked).toHaveLength(2);
  expect(await outcome(verify(before))).toBe("token_invalid"); // its key is no longer among those that are published
  await clock.turn(0.999);
  await Promise.all(Array.from({ length: 20 }, () => outcome(verify(before))));
  expect(asked).toHaveLength(2);
  await clock.turn(0.001);
  await Promise.all(Array.from({ length: 20 }, () => outcome(verify(before))));
  expect(asked).toHaveLength(3);
});

test("a rotation is seen before it is needed, and a key that was revoked serves until the keys are asked for again", async () => {
  const { asked, auth, clock, token, verifier } = await issuer();
  const { verify } = verifier();
  await auth.signingKeys.jwks(); // makes them
  await clock.turn("5m"); // the key that stands by has been published for long enough
  const before = await token();
  expect(await outcome(verify(before))).toBe("fine");
  expect((await auth.signingKeys.rotate()).rotated).toBe(true);
  const after = await token();
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  expect(await outcome(verify(after))).toBe("fine");
  expect(await outcome(verify(before))).toBe("fine");
  expect(asked).toEqual([JWKS]);
  await auth.signingKeys.rotate({ revoke: true });
  await clock.turn(299.999);
  expect(await outcome(verify(before))).toBe("fine");
  await clock.turn(0.001);
  expect(await outcome(verify(before))).toBe("token_invalid");
  expect(await outcome(verify(await token()))).toBe("fine");
  expect(asked).toEqual([JWKS, JWKS]);
});

/** What goes wrong with a reply. */
const FAILURES: Readonly<Record<string, (outgoing: ServerResponse) => void>> = {
  "a failure": (outgoing) => void outgoing.writeHead(500).end('{"keys":[]}'),
  "nothing there": (outgoing) => void outgoing.writeHead(404).end(),
  "no JSON": (outgoing) => void outgoing.writeHead(200).end("<html>"),
  "no text": (outgoing) => void outgoing.writeHead(200).end(Uint8Array.of(0xff)),
  "nothing": (outgoing) => void outgoing.writeHead(200).end(),
  "null": (outgoing) => void outgoing.writeHead(200).end("null"),
  "no keys": (outgoing) => void outgoing.writeHead(200).end("{}"),
  "keys that are no list": (outgoing) => void outgoing.writeHead(200).end('{"keys":{}}'),
  "too much": (outgoing) => void outgoing.writeHead(200).end(`{"keys":[]}${" ".repeat(64 * 1024)}`),
  "no reply": (outgoing) => void outgoing.destroy(),
};

test("whatever goes wrong, keys that were had serve on, and without any it is a 503 that tells nobody why", async () => {
  const { answers, clock, token, url, verifier } = await issuer();
  for (const [what, fail] of Object.entries(FAILURES)) {
    answers(null);
    const known = verifier();
    expect(await outcome(known.verify(await token()))).toBe("fine");
    answers((_, outgoing) => fail(outgoing));
    await clock.turn("5m");
    expect([what, await outcome(known.verify(await token()))]).toEqual([what, "fine"]);
    const error = await verifier().verify(await token()).catch((reason) => reason);
    expect([what, error.code, error.status]).toEqual([what, "keys_unavailable", 503]);
    expect(error.message).toContain(url);
    expect(JSON.stringify(error)).not.toContain(url);
  }
});

test("a redirect is not followed", async () => {
  const { answers, auth, token, verifier } = await issuer();
  const set = JSON.stringify(await auth.signingKeys.jwks());
  const elsewhere: string[] = [];
  const port = await listening(({ url = "" }, outgoing) => {
    elsewhere.push(url);
    outgoing.end(set);
  });
  answers((_, outgoing) => outgoing.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end());
  expect(await outcome(verifier().verify(await token()))).toBe("keys_unavailable");
  expect(elsewhere).toEqual([]);
});

test("an issuer that is away is asked once a second, warned of once, and missed for an hour by nobody", async () => {
  const { answers, asked, clock, log, token, verifier } = await issuer();
  const { verify } = verifier();
  const ada = await token();
  const judged = async () => await outcome(verify(await token()));
  expect(await judged()).toBe("fine");
  answers((_, outgoing) => void outgoing.writeHead(503).end()); // a connection that breaks, some runtimes try a second time
  await clock.turn("5m");
  expect(await judged()).toBe("fine"); // waited for the attempt
  expect([asked.length, log.length]).toEqual([2, 1]);
  expect(log[0]).toMatch(/^The keys of access tokens cannot be had: http:\/\/127\.0\.0\.1:\d+\/auth\/jwks: /);
  expect(await Promise.all(Array.from({ length: 20 }, judged))).toEqual(Array(20).fill("fine"));
  expect(asked).toHaveLength(2);
  await clock.turn("55m");
  await clock.turn(299.999);
  expect(await judged()).toBe("fine");
  await clock.turn(0.001);
  expect(await Promise.all(Array.from({ length: 20 }, judged))).toEqual(Array(20).fill("keys_unavailable"));
  const before = asked.length;
  expect(await outcome(verify(ada))).toBe("keys_unavailable"); // expired, for all that is known
  expect([asked.length, log.length]).toEqual([before, 1]);
  answers(null);
  expect(await judged()).toBe("keys_unavailable"); // within the second
  await clock.turn(1);
  expect(await judged()).toBe("fine");
  expect(asked).toHaveLength(before + 1);
});

test("how long keys serve past their time is an option, and may be not at all", async () => {
  const { answers, clock, token, verifier } = await issuer();
  const never = verifier({ staleFor: 0 });
  const long = verifier({ staleFor: "24h" });
  await Promise.all([never.verify(await token()), long.verify(await token())]);
  answers((_, outgoing) => void outgoing.destroy());
  await clock.turn("5m");
  expect(await outcome(never.verify(await token()))).toBe("keys_unavailable");
  await clock.turn("23h");
  expect(await outcome(long.verify(await token()))).toBe("fine");
});

test("an unknown kid is a 503 while nobody can say whether it is a new key", async () => {
  const { answers, clock, rotate, token, verifier } = await issuer();
  const { verify } = verifier();
  const before = await token();
  expect(await outcome(verify(before))).toBe("fine");
  await rotate();
  answers((_, outgoing) => void outgoing.destroy());
  await clock.turn(1);
  expect(await outcome(verify(await token()))).toBe("keys_unavailable");
  expect(await outcome(verify(before))).toBe("fine");
});

test("an issuer that hangs is given up after the deadline, and nobody waits for it a second time", async () => {
  const { answers, asked, clock, hangs, token, verifier } = await issuer();
  const { verify } = verifier({ deadline: "2s" });
  const accessToken = await token();
  const first = hangs();
  const waiting = Promise.all(Array.from({ length: 50 }, () => outcome(verify(accessToken))));
  const connection = await first;
  const hungUp = new Promise((resolve) => connection.once("close", resolve));
  await clock.turn(2);
  expect(new Set(await waiting)).toEqual(new Set(["keys_unavailable"]));
  await hungUp; // the connection is not kept
  answers(null);
  expect(await outcome(verify(accessToken))).toBe("fine");
  expect(asked).toHaveLength(2);

  const again = hangs();
  await clock.turn("5m");
  const late = outcome(verify(await token()));
  await again;
  await clock.turn(2);
  expect(await late).toBe("fine"); // by the keys from before
  const third = hangs();
  expect(await outcome(verify(await token()))).toBe("fine"); // and by them at once, whatever comes of the next attempt
  await third;
  expect(asked).toHaveLength(4);
});

test("a reply that stops half-way is given up like one that never comes", async () => {
  const { answers, clock, token, verifier } = await issuer();
  const begun = new Promise<void>((resolve) =>
    answers((_, outgoing) => {
      outgoing.writeHead(200).write('{"keys":', () => resolve());
    })
  );
  const waiting = outcome(verifier().verify(await token()));
  await begun;
  await clock.turn(5);
  expect(await waiting).toBe("keys_unavailable");
});

test("a clock that is put back keeps no key for longer: the keys are asked for anew", async () => {
  const { asked, clock, token, verifier } = await issuer();
  const { verify } = verifier();
  expect(await outcome(verify(await token()))).toBe("fine");
  await clock.turn(-3600);
  expect(await outcome(verify(await token()))).toBe("fine");
  expect(asked).toEqual([JWKS, JWKS]);
});
