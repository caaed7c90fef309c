// The orders in which steps can be taken: each that matters, or some by chance.
import { chance } from "../../src/testing/chance.ts";
import type { Choose, Fate, Step } from "./scheduler.ts";

/** Whether it may matter which of two steps that could both be taken comes first. Two that only read can be taken in any order, and so
 * can one that reads a key and one that writes another. Two writes always matter, because rules look at the order of writes; a write
 * of an account matters to every read, because rules ask what had begun by then. */
export function matters(a: Step, b: Step): boolean {
  const [one, two] = [seen(a), seen(b)];
  if (one === null || two === null) return true;
  if (one.does === "wake" || two.does === "wake") return a.process === b.process;
  if (one.does === "read" && two.does === "read") return false;
  if (a.process === b.process) return true;
  if (one.does === two.does) return true;
  const [read, write] = one.does === "read" ? [one, two] : [two, one];
  return read.key === write.key || read.key === "*" || write.key.startsWith("users:");
}

function seen(step: Step): Pick<Step, "does" | "key"> | null {
  return step.does === "begin" ? step.first : step;
}

/** A state of a play, and what was tried from it. */
interface Node {
  readonly open: readonly Step[];
  /** Steps that were tried before another that they do not matter to: they lead nowhere new. */
  readonly asleep: readonly Step[];
  at: number;
}

/** How many orders there were, and whether they were all. */
export interface Tried {
  readonly orders: number;
  readonly isAll: boolean;
}

/** Plays every order that matters, depth first, each from the beginning (sleep sets after Godefroid, 1996). `isDependent`: which steps
 * matter to each other. `most`: how often it
 * plays at most, which is more often than there are orders: some turn out midway to be nothing new. */
export async function everyOrder(
  play: (choose: Choose) => Promise<void>,
  most: number,
  isDependent: typeof matters = matters,
): Promise<Tried> {
  const path: Node[] = [];
  let [orders, plays] = [0, 0];
  do {
    if (plays++ >= most) return { orders, isAll: false };
    let [depth, isNew] = [0, true];
    await play((enabled) => {
      const node = path[depth] ?? nodeAfter(path[depth - 1], enabled, isDependent);
      if (node.open.length === 0) isNew = false; // from here on it was all tried in another order
      if (!isNew) return { step: enabled[0] as Step };
      path[depth++] = node;
      const { id } = node.open[node.at] as Step;
      const step = enabled.find((one) => one.id === id);
      if (step === undefined) throw new Error(`the step ${id} was there in another play of the same order`);
      return { step };
    });
    if (isNew) orders++;
    for (let last = path.at(-1); last !== undefined && ++last.at >= last.open.length; last = path.at(-1)) {
      path.pop();
    }
  } while (path.length > 0);
  return { orders, isAll: true };
}

function nodeAfter(before: Node | undefined, enabled: readonly Step[], isDependent: typeof matters): Node {
  if (before === undefined) return { open: enabled, asleep: [], at: 0 };
  const taken = before.open[before.at] as Step;
  const others = [...before.asleep, ...before.open.slice(0, before.at)];
  const asleep = others.filter((one) => !isDependent(one, taken));
  return { open: enabled.filter(({ id }) => !asleep.some((one) => one.id === id)), asleep, at: 0 };
}

/** What besides the order is left to chance. */
export interface Risks {
  /** How many of a hundred swaps lose their reply. */
  readonly lost?: number;
  /** How many of a hundred reads wait for their reply. */
  readonly late?: number;
  /** Below which step one process crashes; none does, unless it is said. */
  readonly crash?: number;
}

const LOST: readonly Fate[] = ["lost", "lost without effect", "lost with a late effect"];

/** Chooses by chance. Some keep to one process for long, some change it at every step: what goes wrong between two steps that stand
 * close together is found by the latter, between two that are far apart by the former. */
export function byChance(seed: number, { lost = 0, late = 0, crash }: Risks = {}): Choose {
  const random = chance(seed);
  const below = (n: number) => {
    const [a = 0, b = 0] = random(2);
    return Math.floor((a * 256 + b) / 65_536 * n);
  };
  const patience = [0, 50, 80, 95][below(4)] as number; // how many of a hundred steps go on with the same process
  let [last, left] = [-1, crash === undefined ? Infinity : below(crash)];
  return (enabled) => {
    if (left-- === 0) return { crash: (enabled[below(enabled.length)] as Step).process };
    const same = enabled.filter(({ process }) => process === last);
    const open = same.length > 0 && below(100) < patience ? same : enabled;
    const step = open[below(open.length)] as Step;
    last = step.process;
    const isLost = step.does !== "read" && below(100) < lost;
    const isLate = step.does !== "write" && below(100) < late;
    const fate = isLost ? LOST[below(LOST.length)] as Fate : isLate ? "answered late" : "answered";
    return { step, fate };
  };
}

/** Chooses likewise, but one process crashes at a step, if it is at something then. */
export function crashing(choose: Choose, at: number, process: number): Choose {
  let steps = 0;
  return (enabled) =>
    steps++ === at && enabled.some((one) => one.process === process) ? { crash: process } : choose(enabled);
}
