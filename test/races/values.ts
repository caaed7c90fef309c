// Checks in which values are added and removed: one request is held at each of its operations in turn, while another runs to its end.
import { expect } from "vitest";
import type { Identifier } from "../../src/core/account_record.ts";
import { claimKeys } from "../proof/state.ts";
import { faulty } from "../suite/faults.ts";
import { gate, type Stop, type Told, told } from "../suite/gate.ts";
import { SECRET, type World } from "../suite/world.ts";
import {
  add,
  amend,
  expectSound,
  has,
  race,
  signUp,
  type Stage,
  staged,
  strike,
  type ValueCheck,
  waiting,
  within,
} from "./value_stage.ts";
import { textOf } from "../suite/rewritten.ts";

const JUST_BORN = { epoch: 0 };

/** Whoever is told that they have a value has it. */
async function truthful(stage: Stage, outcome: Told<unknown>): Promise<void> {
  const is = "value" in outcome ? Object(outcome.value).is : outcome.code;
  if (is === "added") {
    expect(await has(stage, stage.ada, stage.v), "whether what was added is there").toBe(true);
  }
}

/** Somebody who comes while another is held gets an answer, whatever the other one left. */
async function answered(
  request: Promise<{ readonly is: string }>,
  answers: readonly string[],
): Promise<void> {
  const got = await told(request);
  expect(answers, "what the next got").toContain("value" in got ? got.value.is : got.code);
}

/** Leaves a claim that leads to an account which neither lists the value nor reserves it. */
async function leaveClaim(here: World, uid: string, { type, value }: Identifier): Promise<void> {
  const keyOf = await claimKeys(await here.contents(), [SECRET]);
  const claim = { rev: 1, v: 1, w: "made-up", uid, type, op: "an-op-of-before" };
  await here.driver().setItem(String(keyOf?.(type, value)), textOf(claim));
}

/** An add by somebody who dies when the reservation is written. */
async function dyingAdd({ here, ada }: Stage, value: Identifier): Promise<void> {
  const store = faulty(here.driver());
  const at = await here.accounts(store.driver, waiting(here));
  const died = () => Promise.reject(new Error("the process died"));
  store.fault = async ({ name }, run) => {
    const reply = await run();
    if (name === "swap") store.fault = died;
    return reply;
  };
  expect((await told(add(at, ada, [value]))).code).toBe("storage_unavailable");
}

/** An add on an authority that ends meanwhile: what was not listed by then is not listed at all. */
const endedAdd = (end: (stage: Stage) => Promise<void>, code: string): ValueCheck => {
  const before = new WeakMap<Stage, boolean>();
  return race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    async meanwhile(stage) {
      before.set(stage, await has(stage, stage.ada, stage.v));
      await end(stage);
    },
    async after(stage, outcome, held) {
      const wasListed = before.get(stage) ?? !held;
      expect(await has(stage, stage.ada, stage.v), "whether it is listed, as it was when its authority ended")
        .toBe(wasListed);
      if (!wasListed) expect(outcome).toEqual({ code });
    },
  });
};

export const valueChecks: Readonly<Record<string, ValueCheck>> = {
  "an add × a sign-up by the value": race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    meanwhile: ({ here, desk, v }) => answered(signUp(here, desk, v), ["created", "taken"]),
    after: truthful,
  }),
  "an add × another account's add of that and more": race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    meanwhile: ({ desk, bob, v, x }) => answered(add(desk, bob, [x, v]), ["added", "taken"]),
    after: truthful,
  }),
  "an add of several × another account's add of them": race({
    operations: 7,
    work: ({ ada, v, x }, at) => add(at, ada, [v, x], JUST_BORN),
    async meanwhile({ desk, bob, v, x }) {
      await answered(add(desk, bob, [x, v]), ["added", "taken"]);
    },
    async after(stage, outcome) {
      await truthful(stage, outcome);
      const lists = [await has(stage, stage.ada, stage.v), await has(stage, stage.ada, stage.x)];
      expect(new Set(lists).size, "all of them or none").toBe(1);
    },
  }),
  "an add × another's of the value, and a second one that dies": race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    async meanwhile(stage) {
      await answered(add(stage.desk, stage.bob, [stage.v]), ["added", "taken"]);
      await dyingAdd(stage, stage.w);
    },
    after: truthful,
  }),
  "an add after one that was left behind × a sign-up by the value": race({
    operations: 5,
    before: ({ here, ada, v }) => leaveClaim(here, ada.uid, v),
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    meanwhile: ({ here, desk, v }) => answered(signUp(here, desk, v), ["created", "taken"]),
    after: truthful,
  }),
  "an add of what is listed × its removal and a sign-up by it": race({
    operations: 3,
    before: ({ desk, ada, v }) => add(desk, ada, [v]),
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    async meanwhile({ here, desk, ada, v }) {
      await strike(desk, ada, v);
      await answered(signUp(here, desk, v), ["created", "taken"]);
    },
  }),
  "an add × the removal of the account": race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    async meanwhile({ here, desk, ada, v }) {
      await desk.remove(ada.uid, () => true);
      await answered(signUp(here, desk, v), ["created"]);
    },
    async after({ desk, ada }, _outcome, held) {
      if (held) expect(await desk.get(ada.uid), "the removed account").toBe(null);
    },
  }),
  "an add × a sweep": race({
    operations: 5,
    work: ({ ada, v }, at) => add(at, ada, [v], JUST_BORN),
    meanwhile: ({ here }) => here.server().sweep(),
    async after(stage, outcome) {
      await truthful(stage, outcome);
      expect(outcome, "an add that nobody refuses").toMatchObject({ value: { is: "added" } });
    },
  }),
  "an add × a revocation": endedAdd(
    ({ desk, ada }) => amend(desk, ada.uid, (account) => ({ ...account, epoch: account.epoch + 1 })),
    "challenge_invalid",
  ),
  "an add × the end of its session": endedAdd(
    ({ desk, ada }) =>
      amend(desk, ada.uid, (account) => ({ ...account, sessions: account.sessions.slice(1) })),
    "session_ended",
  ),
  "a removal × an add of the value again": race({
    operations: 4,
    before: ({ desk, ada, v }) => add(desk, ada, [v]),
    work: ({ ada, v }, at) => strike(at, ada, v),
    meanwhile: ({ desk, ada, v }) => answered(add(desk, ada, [v]), ["added"]),
  }),
  "a removal × a sign-up by the value": race({
    operations: 4,
    before: ({ desk, ada, v }) => add(desk, ada, [v]),
    work: ({ ada, v }, at) => strike(at, ada, v),
    meanwhile: ({ here, desk, v }) => answered(signUp(here, desk, v), ["created", "taken"]),
  }),
  "a removal × the end of its session": removalWhoseSessionEnds(),
  "the removal of an account × a sign-up by its value": race({
    operations: 4,
    work: ({ ada }, at) => at.remove(ada.uid, () => true),
    meanwhile: ({ here, desk, ada }) => answered(signUp(here, desk, ada.own), ["created", "taken"]),
  }),
  "a sign-up × a sweep": race({
    operations: 4,
    work: ({ here, v }, at) => signUp(here, at, v),
    meanwhile: ({ here }) => here.server().sweep(),
    async after({ desk, v }, outcome) {
      expect(outcome, "a sign-up that nobody else wants").toMatchObject({ value: { is: "created" } });
      expect(await desk.find(v), "whoever has the value").not.toBe(null);
    },
  }),
  "a sign-up × a sign-up by the same value": race({
    operations: 4,
    work: ({ here, v }, at) => signUp(here, at, v),
    meanwhile: ({ here, desk, v }) => answered(signUp(here, desk, v), ["created", "taken"]),
  }),
};

function removalWhoseSessionEnds(): ValueCheck {
  const before = new WeakMap<Stage, boolean>();
  return race({
    operations: 4,
    before: ({ desk, ada, v }) => add(desk, ada, [v]),
    work: ({ ada, v }, at) => strike(at, ada, v),
    async meanwhile(stage) {
      const { desk, ada, v } = stage;
      before.set(stage, await has(stage, ada, v));
      await amend(desk, ada.uid, (account) => ({ ...account, sessions: account.sessions.slice(1) }));
    },
    async after(stage, outcome, held) {
      const wasListed = held && before.get(stage) === true;
      expect(await has(stage, stage.ada, stage.v), "whether it is listed, as it was when the session ended")
        .toBe(wasListed);
      if (wasListed) expect(outcome).toEqual({ code: "session_ended" });
    },
  });
}

/** Two adds of one value, each held behind each of its operations: the one at the first while the other goes on from the start to where
 * it is held; then the one to its end, and then the other. A claim that leads to the second stands there already. */
export const crossedAdds: ValueCheck = (copy, store) =>
  within(copy, store, async (here, desk) => {
    let crossings = 0;
    for (let n = 1, all = false; !all; n++) {
      for (let m = 1, both = true; both; m++) {
        const stage = await staged(here, desk, `${n}-${m}`);
        const { ada, bob, v, x } = stage;
        await leaveClaim(here, ada.uid, v);
        const [bobs, adas] = [await standing(stage, n), await standing(stage, m)];
        const bobAdds = bobs.goes((at) => add(at, bob, [x, v], JUST_BORN));
        all = !await bobAdds.held;
        const adaAdds = adas.goes((at) => add(at, ada, [v], JUST_BORN));
        both = await adaAdds.held && !all;
        await bobAdds.ends();
        await expectSound(here, `after the one was held at ${n}, the other at ${m}`);
        await adaAdds.ends();
        await expectSound(here, `after both were held, at ${n} and at ${m}`);
        crossings++;
      }
    }
    expect(crossings, "pairs of operations at which they were held").toBeGreaterThanOrEqual(40);
  });

/** A server whose request stands still behind its operation number `n`. */
async function standing({ here }: Stage, n: number) {
  const held = gate(here.driver());
  const at = await here.accounts(held.driver, waiting(here));
  const { reached, release }: Stop = held.stopAt({ n, side: "after" });
  return {
    goes(work: (accounts: typeof at) => Promise<unknown>) {
      const working = told(work(at));
      return {
        held: Promise.race([reached.then(() => true), working.then(() => false)]),
        async ends() {
          release();
          await working;
        },
      };
    },
  };
}
