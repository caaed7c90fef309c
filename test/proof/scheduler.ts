// Several processes on one store, of which one at a time takes one step: whose turn it is, is chosen. What a process does between two
// steps nobody else can see, so all that can happen at all happens in some order of steps. A process that is never chosen again has
// crashed.
import type { Driver } from "../../src/store/driver.ts";
import type { Platform } from "../../src/platform.ts";
import { type Told, told } from "../suite/gate.ts";

/** Something that one process is about to do. */
export interface Step {
  /** The same for the same step in every order of those before it. */
  readonly id: string;
  readonly process: number;
  /** `begin`: the process starts, and takes its first step. `wake`: it has waited a moment. */
  readonly does: "begin" | "read" | "write" | "wake";
  /** Which key it reads or writes; `*`: all. */
  readonly key: string;
  /** Of a beginning what it begins with, as far as that is known from another play. */
  readonly first: Pick<Step, "does" | "key"> | null;
  /** The effect of a swap whose reply was lost long ago. */
  readonly isLate: boolean;
}

/** What becomes of a step: its reply comes at once, or at a later step; of a swap the reply may also be lost, and it had its effect, had
 * none, or has it at a later step. */
export type Fate = "answered" | "answered late" | "lost" | "lost without effect" | "lost with a late effect";

/** What goes on: a process takes a step, or crashes. */
export type Choice = { readonly step: Step; readonly fate?: Fate } | { readonly crash: number };

/** Chooses among the steps that can be taken. */
export type Choose = (enabled: readonly Step[]) => Choice;

/** What somebody does, and what it is called: what does the same has the same name. */
export interface Part {
  readonly name: string;
  readonly act: () => Promise<unknown>;
}

/** What each of the processes was told; undefined: it never came to its end. */
export interface Played {
  readonly told: readonly (Told<unknown> | undefined)[];
  /** How many steps were taken. */
  readonly steps: number;
  /** Whose turns they were: `replayed` takes it. */
  readonly order: string;
}

/** What processes run on. */
export interface Stage {
  /** The store as a process sees it: each of its calls is a step. */
  readonly driver: (process: number, truth: Driver) => Driver;
  /** Its sleep: a moment is a step; `longer` is where longer ones go. */
  readonly sleep: (process: number, longer: Platform["sleep"]) => Platform["sleep"];
  /** Runs all processes until no step is left. `turn` lets time pass, in seconds, where everybody waits for the others. */
  readonly play: (
    parts: readonly Part[],
    choose: Choose,
    turn: Turn,
  ) => Promise<Played>;
}

/** Lets so many seconds pass. */
type Turn = (seconds: number) => Promise<void>;

interface Parked extends Step {
  readonly go: (fate: Fate) => void;
}

interface Process extends Part {
  state: "new" | "runs" | "over";
  told: Told<unknown> | undefined;
  /** How many writes there were when it last woke. */
  woke: number;
  /** How often it asked for what, to tell its steps apart. */
  readonly counts: Map<string, number>;
}

const MOMENT = 100; // ms
const PATIENCE = 10_000; // ms of the machine, for what takes it no time
const MOST_STEPS = 3000;
const MOST_TURNS = 50;
const OVER = 6; // seconds: whatever waits no longer than the deadline waits no longer

const MARKS: Readonly<Record<Fate, string>> = {
  "answered": "",
  "answered late": "_",
  "lost": "!",
  "lost without effect": "?",
  "lost with a late effect": "~",
};

/** A choice among steps as an order has it: whose step, which of several, and what becomes of it. */
function said(choice: Choice, enabled: readonly Step[]): string {
  if ("crash" in choice) return `x${choice.crash}`;
  const { step, fate = "answered" } = choice;
  const at = enabled.filter(({ process }) => process === step.process).indexOf(step);
  return `${step.process}${at > 0 ? `.${at}` : ""}${MARKS[fate]}`;
}

/** Chooses as an order says, and after its end whatever comes first. */
export function replayed(order: string): Choose {
  const words = order.split(" ").filter((word) => word !== "");
  return (enabled) => {
    const [, crash, process, at = "0", mark = ""] =
      /^(?:x(\d+)|(\d+)(?:\.(\d+))?([!?~_]?))$/.exec(words.shift() ?? "") ?? [];
    if (crash !== undefined) return { crash: Number(crash) };
    const step = enabled.filter((one) => String(one.process) === process)[Number(at)] ?? enabled[0] as Step;
    const fate = Object.entries(MARKS).find(([, one]) => one === mark)?.[0] as Fate; // of the marks that the pattern lets pass
    return { step, fate };
  };
}

/** What is different where processes are scripts that know nothing of other scripts. */
export interface Leniency {
  /** How long one may neither ask the store nor end, in milliseconds of the machine. It is left where it stands then: what it waits for
   * was taken from it by another. Without it, that is a failure. */
  readonly patience: number;
}

export function stage(leniency?: Leniency): Stage {
  const firsts = new Map<string, Pick<Step, "does" | "key">>();
  let processes: readonly Process[] | null = null;
  let parked: Parked[] = [];
  let writes = 0;
  let underway = 0; // swaps that the store has not answered
  let isLeft = false; // whoever was left where he stands goes no further when the play is over

  /** Resolves when it is chosen. Outside a play nobody waits. */
  function turnOf(number: number, does: Step["does"], key: string, isLate = false): Promise<Fate> {
    if (processes === null && isLeft) return new Promise(() => {});
    const process = processes?.[number];
    if (process === undefined) return Promise.resolve("answered");
    const name = `${number} ${does} ${key}${isLate ? " late" : ""}`;
    const count = (process.counts.get(name) ?? 0) + 1;
    process.counts.set(name, count);
    return new Promise((go) =>
      parked.push({ id: `${name} ${count}`, process: number, does, key, first: null, isLate, go })
    );
  }

  /** Resolves when each process is over or waits for its turn. */
  async function settled(): Promise<void> {
    const until = performance.now() + (leniency?.patience ?? PATIENCE);
    const isBusy = ({ state }: Process, i: number) =>
      state === "runs" && !parked.some(({ process, isLate }) => process === i && !isLate);
    do {
      await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() <= until) continue;
      if (leniency === undefined) throw new Error("a process neither asks the store nor ends");
      processes?.forEach((one, i) => isBusy(one, i) && Object.assign(one, { state: "over" }));
    } while (underway > 0 || processes?.some(isBusy));
  }

  /** Who looked around in vain need not look again before somebody has written. */
  function enabled(all: readonly Process[]): readonly Step[] {
    const begins = all.flatMap(({ name, state }, process): Step[] => {
      const first = firsts.get(name) ?? null;
      return state === "new"
        ? [{ id: `${process} begin`, process, does: "begin", key: "", first, isLate: false }]
        : [];
    });
    return [...begins, ...parked.filter((one) => one.does !== "wake" || all[one.process]?.woke !== writes)];
  }

  async function begin(process: Process): Promise<void> {
    process.state = "runs";
    void told(process.act()).then((outcome) => Object.assign(process, { state: "over", told: outcome }));
    await settled();
  }

  async function take(step: Step, fate: Fate, process: Process): Promise<void> {
    if (step.does === "begin") await begin(process);
    const next = parked.find((one) =>
      step.does === "begin" ? one.process === step.process : one.id === step.id
    );
    if (next === undefined) return; // it ended without asking for anything
    if (step.does === "begin") firsts.set(process.name, next);
    parked = parked.filter((one) => one !== next);
    if (next.does === "wake") process.woke = writes;
    next.go(next.does === "write" || fate === "answered late" ? fate : "answered");
    await settled();
  }

  function crash(number: number, all: readonly Process[]): void {
    Object.assign(all[number] as Process, { state: "over" });
    parked = parked.filter(({ process, isLate }) => process !== number || isLate);
  }

  async function playing(all: readonly Process[], choose: Choose, turn: Turn): Promise<Played> {
    const order: string[] = [];
    for (let [steps, turns] = [0, 0];;) {
      const open = enabled(all);
      const isOver = (turns > MOST_TURNS || steps > MOST_STEPS) && leniency !== undefined;
      if (isOver || (open.length === 0 && parked.length === 0)) {
        return { told: all.map((one) => one.told), steps, order: order.join(" ") };
      }
      if (open.length === 0) {
        if (++turns > MOST_TURNS && leniency === undefined) {
          throw new Error(`processes wait for ever: ${order.join(" ")}`);
        }
        for (const process of all) process.woke = -1;
        await turn(OVER);
        continue;
      }
      if (++steps > MOST_STEPS && leniency === undefined) {
        throw new Error(`processes run for ever: ${order.slice(0, 100).join(" ")}`);
      }
      const choice = choose(open);
      order.push(said(choice, open));
      if ("crash" in choice) crash(choice.crash, all);
      else await take(choice.step, choice.fate ?? "answered", all[choice.step.process] as Process);
    }
  }

  return {
    driver: (process, truth) => ({
      ...truth,
      async getItem(key) {
        const fate = await turnOf(process, "read", key);
        const text = await truth.getItem(key);
        if (fate === "answered late") await turnOf(process, "read", `the reply of ${key}`);
        return text;
      },
      async swap(key, expected, next, options) {
        async function write(): Promise<boolean> {
          underway++;
          try {
            const done = await truth.swap(key, expected, next, options);
            if (done) writes++;
            return done;
          } finally {
            underway--;
          }
        }
        const fate = await turnOf(process, "write", key);
        if (fate === "answered" || fate === "answered late") return await write();
        if (fate === "lost") await write();
        if (fate === "lost with a late effect") void turnOf(process, "write", key, true).then(write);
        throw new Error("ECONNRESET");
      },
      async *entries(prefix) {
        await turnOf(process, "read", "*");
        yield* await Array.fromAsync(truth.entries(prefix));
      },
    }),
    sleep: (process, longer) => async (ms, background) => {
      if (ms >= MOMENT || background === true) await longer(ms, background);
      else await turnOf(process, "wake", "");
    },
    async play(parts, choose, turn) {
      const all = parts.map((part): Process => ({
        ...part,
        state: "new",
        told: undefined,
        woke: -1,
        counts: new Map(),
      }));
      [processes, parked] = [all, []];
      try {
        return await playing(all, choose, turn);
      } finally {
        isLeft = leniency !== undefined;
        [processes, parked] = [null, []]; // whoever still waits has crashed
      }
    },
  };
}
