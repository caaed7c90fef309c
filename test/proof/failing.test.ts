// A store that fails: nobody is let in, nothing happens twice, and afterwards everything works.
import { expect, test } from "vitest";
import { type ErrorCode, ERRORS } from "../../src/errors.ts";
import type { FullAuth } from "../suite/client.ts";
import { type Fault, type Faulty, faulty, refusal } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { CREDENTIAL_STEPS } from "../suite/failing_credentials.ts";
import { storeOf } from "../suite/failing_people.ts";
import { listed, RUNS, runsOn, sound, STEPS } from "../suite/failing_steps.ts";
import { rewritten, textOf } from "../suite/rewritten.ts";
import { within, type World } from "../suite/world.ts";
import { inTurn } from "./showed.ts";

const ADA = "ada@example.com";
const UNAVAILABLE = body("storage_unavailable");
const CORRUPT = body("storage_corrupt");

const refuse: Fault = () => Promise.reject(new Error("ECONNREFUSED"));
const readOnly: Fault = ({ name }, run) => name === "swap" ? Promise.reject(new Error("READONLY")) : run();
const silent: Fault = () => new Promise(() => {});

flow("a store that refuses every call lets nobody in, and afterwards everything works", async (here) => {
  for (const [name, step] of Object.entries(STEPS)) {
    const ready = await step.prepare(here, name);
    const { auth, store } = server(here, refuse);
    expect([name, await refusal(step.act(ready, auth))]).toEqual([name, UNAVAILABLE]);
    for (const { headers } of ready.people) {
      expect(await refusal(auth.getSession(headers))).toEqual(UNAVAILABLE);
    }
    store.fault = null;
    await step.act(ready, auth);
  }
  await sound(here);
});

flow(
  "a store that only reads still says who is signed in; what must write is refused and changes nothing",
  async (here) => {
    const reads: string[] = [];
    await here.server().ready();
    for (const [name, step] of Object.entries(STEPS)) {
      const ready = await step.prepare(here, name);
      const before = await here.contents();
      const { auth } = server(here, readOnly);
      const outcome = await step.act(ready, auth).then(() => "done", (error) => error.code);
      if (outcome === "done") reads.push(name);
      else expect([name, outcome]).toEqual([name, "storage_unavailable"]);
      expect(await here.contents()).toEqual(before);
      for (const { headers, id } of ready.people) expect((await auth.getSession(headers)).user?.id).toBe(id);
      expect(await auth.health()).toEqual({ status: "ok" });
    }
    expect(reads).toEqual(["check", "token", "list"]);
  },
);

flow(
  "a store that never answers is storage_unavailable at storageDeadline, and later calls work",
  async (here) => {
    for (const [name, step] of Object.entries(STEPS)) {
      const ready = await step.prepare(here, name);
      const { auth, store } = server(here, null);
      await auth.ready();
      const asked = hang(store, silent);
      const refused = refusal(step.act(ready, auth));
      await asked;
      await here.turn(4.999);
      expect(await Promise.race([refused, "waiting"])).toBe("waiting");
      await here.turn(0.001);
      expect([name, await refused]).toEqual([name, UNAVAILABLE]);
      store.fault = null;
      await step.act(ready, auth);
    }
  },
);

flow("a swap that is never answered is storage_unavailable at storageDeadline too", async (here) => {
  await here.server().ready();
  const { auth: slow, store } = server(here, null, "1s");
  await slow.ready();
  const asked = hang(store, ({ name }, run) => name === "swap" ? new Promise(() => {}) : run());
  const refused = refusal(here.at(slow).emailOtp.start({ email: ADA }));
  await asked;
  await here.turn(0.999);
  expect(await Promise.race([refused, "waiting"])).toBe("waiting");
  await here.turn(0.001);
  expect(await refused).toEqual(UNAVAILABLE);
  expect(here.mailbox.messages).toEqual([]);
});

flow(
  "a write that nobody confirms within storageDeadline is no success, though its text is there",
  async (here) => {
    await here.server().ready();
    const { auth: slow, store } = server(here, null, "1s");
    await slow.ready();
    const wrote = Promise.withResolvers<void>();
    store.fault = async ({ name }, run) => {
      const reply = await run();
      if (name === "getItem") return reply;
      wrote.resolve();
      return await new Promise(() => {}); // a replica, say, that never says that it has it
    };
    const refused = refusal(here.at(slow).emailOtp.start({ email: ADA }));
    await wrote.promise;
    await here.turn(1);
    expect(await refused).toEqual(UNAVAILABLE);
    expect(here.mailbox.messages).toEqual([]);
  },
);

flow(
  "a line of requests behind a swap that is never answered is let go, each within its deadline",
  async (here) => {
    const ada = here.person();
    const { challengeId } = await ada.emailOtp.start({ email: ADA });
    const { auth, store } = server(here, null);
    await auth.ready();
    const asked = hang(store, ({ name }, run) => name === "swap" ? new Promise(() => {}) : run());
    const guesses = Array.from(
      { length: 20 },
      () => refusal(here.at(auth).emailOtp.verify({ challengeId, code: "000000" })),
    );
    await asked;
    await here.turn("5s");
    expect(
      new Set((await Promise.all(guesses)).map(({ code }) => code)),
    ).toEqual(new Set(["storage_unavailable"]));
    store.fault = null;
    const { user } = await here.at(auth).emailOtp.verify({ challengeId, code: here.mailbox.code(ADA) });
    expect(user.email).toBe(ADA);
  },
);

flow(
  "a write whose reply is lost counts as written; a removal is 503, and has happened once",
  async (here) => {
    const lost: Fault = async ({ name }, run) => {
      const reply = await run();
      if (name === "swap") throw new Error("ECONNRESET");
      return reply;
    };
    const outcomes: Record<string, string> = {};
    for (const [name, step] of Object.entries(STEPS)) {
      const ready = await step.prepare(here, name);
      const { auth, store } = server(here, lost);
      outcomes[name] = await step.act(ready, auth).then(() => "done", (error) => error.code);
      store.fault = null;
      await step.again(ready, here);
    }
    expect(outcomes).toEqual({
      ...Object.fromEntries(Object.keys(STEPS).map((name) => [name, "done"])),
      "sign up": "storage_unavailable",
      "sign in": "storage_unavailable",
      "remove": "storage_unavailable",
      "a passkey is added": "storage_unavailable", // what is answered is used up by being removed
      "a passkey's sign-in": "storage_unavailable",
      "a key is added": "storage_unavailable",
      "a key's sign-in": "storage_unavailable",
      // Its mail is counted by a swap that expects no count, and meets the one of the first mail: of a swap that wrote nothing a lost
      // reply leaves nothing to know it by either.
      "resend": "storage_unavailable",
    });
    await sound(here);
  },
);

flow("a code whose right answer was lost on the way back is used up", async (here) => {
  const { challengeId } = await here.person().emailOtp.start({ email: ADA });
  const code = here.mailbox.code(ADA);
  const { auth, store } = server(here, async ({ next, name }, run) => {
    const reply = await run();
    if (name === "swap" && next === null) throw new Error("ECONNRESET");
    return reply;
  });
  expect(await refusal(here.at(auth).emailOtp.verify({ challengeId, code }))).toEqual(UNAVAILABLE);
  store.fault = null;
  expect(await refusal(here.at(auth).emailOtp.verify({ challengeId, code }))).toEqual(
    body("challenge_invalid"),
  );
  expect(await auth.users.find({ email: ADA })).toBe(null);
});

flow("a guess whose counting cannot be written is not judged", async (here) => {
  const { challengeId } = await here.person().emailOtp.start({ email: ADA });
  const { auth } = server(here, readOnly);
  for (const code of ["000000", here.mailbox.code(ADA)]) {
    expect(await refusal(here.at(auth).emailOtp.verify({ challengeId, code }))).toEqual(UNAVAILABLE);
  }
});

// Every way in which a stored record can be no record.
const BROKEN: Readonly<Record<string, (text: string) => unknown>> = {
  "half of it": (text) => text.slice(0, text.length / 2),
  "an empty text": () => "",
  "an array": (text) => `[${text}]`,
  "null": () => "null",
  "a number as text": () => "5",
  "a text in quotes": (text) => JSON.stringify(text),
  "a number": () => 5,
  "false": () => false,
  "an object": (text) => JSON.parse(text),
  "a list of its text": (text) => [text],
  "an Error": () => new Error("EISDIR"),
  "bytes": (text) => new TextEncoder().encode(text),
  "a newer schema": (text) => text.replace('"v":1', '"v":2'),
  "no version": (text) => rewritten(text, '"v":1,', ""),
  "no revision": (text) => rewritten(text, /"rev":\d+,/, ""),
  "nothing in it": () => textOf({ v: 1, rev: 1, w: "x" }),
  "no sum": (text) => text.replace(/,"sum":"[0-9a-f]{8}"/, ""),
  "another letter in it": (text) =>
    text.replace(/"w":"./, (before) => before.endsWith("a") ? '"w":"b' : '"w":"a'),
  "members of other types": (text) => {
    const { v, rev, w, sum: _, ...others } = JSON.parse(text);
    return textOf({
      v,
      rev,
      w,
      ...Object.fromEntries(Object.keys(others).map((name) => [name, {}])),
    });
  },
};

flow("a record that is none is storage_corrupt, and lets nobody in", async (here) => {
  const signed = Object.keys(CREDENTIAL_STEPS);
  const readers: readonly (readonly [prefix: string, steps: readonly (keyof typeof STEPS)[]])[] = [
    ["users", ["check", "refresh", "sign in", "end", "endAll", "remove", ...signed]],
    ["sessions", ["check", "refresh", "list"]],
    ["challenges", ["sign in", "sign up", "resend", ...signed]],
    ["identifiers", ["sign in", "a passkey's sign-in", "a key's sign-in"]], // a removal is decided before it meets one
    ["lookup-key", ["check", "start"]],
    ["meta", ["check"]],
    ["signing-keys", ["token"]],
  ];
  for (const [prefix, steps] of readers) {
    for (const name of steps) {
      const ready = await STEPS[name]!.prepare(here, `${prefix}-${name}`);
      for (const [how, broken] of inTurn(Object.entries(BROKEN), 12)) {
        const { auth } = server(here, async ({ name, key }, run) => {
          const text = await run();
          return name === "getItem" && key.split(":")[0] === prefix && typeof text === "string"
            ? broken(text)
            : text;
        });
        const outcome = await STEPS[name]!.act(ready, auth).then(() => "done", (error) => error.code);
        expect([prefix, name, how, outcome]).toEqual([prefix, name, how, "storage_corrupt"]);
        if (name === "check") {
          expect(await refusal(auth.getSession(ready.people[0]!.headers))).toEqual(CORRUPT);
        }
        if (!name.startsWith("sign") && name !== "remove") continue;
        break; // what was spent is spent: another way of breaking is tried on the others
      }
    }
  }
  await sound(here);
});

flow("a store that lost its lookup key is storage_corrupt, and gets no new one", async (here) => {
  await here.signedIn(ADA);
  const kept = (await here.contents()).get("lookup-key")!;
  await here.driver().removeItem("lookup-key");
  expect(await refusal(here.server().health())).toEqual(CORRUPT);
  const { auth } = server(here, null);
  expect(await refusal(auth.ready())).toEqual(CORRUPT);
  expect(await refusal(here.at(auth).emailOtp.start({ email: ADA }))).toEqual(CORRUPT);
  expect((await here.contents()).has("lookup-key")).toBe(false);
  await here.driver().setItem("lookup-key", kept);
  await auth.ready();
  expect((await auth.users.find({ email: ADA }))?.email).toBe(ADA);
});

flow("ready and health ask again after a failure", async (here) => {
  const { auth, store } = server(here, refuse);
  for (const ask of [auth.ready, auth.ready, auth.health, () => here.at(auth).wellKnown.health()]) {
    expect(await refusal(ask())).toEqual(UNAVAILABLE);
  }
  store.fault = null;
  expect([await auth.ready(), await auth.health()]).toEqual([undefined, { status: "ok" }]);
  store.fault = refuse;
  expect(await auth.ready()).toBe(undefined); // it is known to be ours
  expect(await refusal(auth.health())).toEqual(UNAVAILABLE);
  store.fault = null;
  expect(await auth.health()).toEqual({ status: "ok" });
});

flow("a store that fails while it is laid out is laid out by whoever comes next", async (here) => {
  for (const [, run] of runsOn(here.store)) {
    for (let n = 0, hit = true; hit; n++) {
      const fresh = faulty(here.driver());
      await fresh.driver.clear("");
      const late: (() => Promise<unknown>)[] = [];
      hit = false;
      fresh.fault = (operation, call) => {
        if (operation.n < n) return call();
        hit = true;
        return run(operation.n === n, call, late, operation);
      };
      const first = here.another({ storage: fresh.driver });
      const outcome = await first.ready().then(() => "ready", (error) => error.code);
      expect(hit ? ["ready", "storage_unavailable"] : ["ready"]).toContain(outcome);
      const second = here.another({});
      await second.ready();
      for (const call of late) await call();
      fresh.fault = null;
      await Promise.all([first.ready(), second.ready()]);
      const user = await first.users.create({ email: ADA });
      expect(await second.users.find({ email: ADA })).toEqual(user);
    }
  }
});

// Crash points and lost replies show this of every flow on any store; here each kind of call fails, reads too, and each step is
// looked at by itself.
for (const [name, step] of Object.entries(STEPS)) {
  test(`${name}: stopped at any operation, before or after it, leaves what the next server sets right`, () =>
    within(async (here) => {
      for (const [i, run] of inTurn([...RUNS.entries()], RUNS.length)) {
        for (let n = 0, hit = true; hit; n++) {
          const ready = await step.prepare(here, `${i}-${n}`);
          const late: (() => Promise<unknown>)[] = [];
          hit = false;
          const { auth, store } = server(here, (operation, call) => {
            if (operation.n < n) return call();
            hit = true;
            return run(operation.n === n, call, late, operation);
          });
          const outcome = await step.act(ready, auth).then(() => "done", (error) => error.code);
          expect([n, i, outcome], "how it ends").toEqual([
            n,
            i,
            expect.stringMatching(hit ? /^(done|storage_unavailable)$/ : /^done$/),
          ]);
          store.fault = null;
          await here.turn("61s");
          await step.again(ready, here);
          for (const call of late) await call();
          await listed(here, ready);
        }
        await sound(here);
      }
    }));
}

/** A server whose store fails; it is new, so what it knows it has to ask. */
function server(
  here: World,
  fault: Fault | null,
  storageDeadline: "1s" | "5s" = "5s",
): { auth: FullAuth; store: Faulty } {
  const store = faulty(storeOf(here));
  store.fault = fault;
  return { auth: here.another({ storage: store.driver, storageDeadline }), store };
}

/** Resolves when the store is asked for the first thing that `fault` does not answer. */
function hang(store: Faulty, fault: Fault): Promise<void> {
  return new Promise((resolve) => {
    store.fault = (operation, run) => {
      const reply = fault(operation, run);
      if (fault === silent || operation.name === "swap") resolve();
      return reply;
    };
  });
}

function body(code: ErrorCode): object {
  const [status, message] = ERRORS[code as keyof typeof ERRORS];
  return { code, status, message };
}
