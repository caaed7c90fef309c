// What a flow leaves when its process dies at any operation, and what becomes of it.
import { chance } from "../../src/testing/chance.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { Via } from "../suite/client.ts";
import type { Flow } from "../suite/flow.ts";
import { sweptLater, wrongAfter } from "./healing.ts";
import { type Left, type Looked, lookedAt } from "./looked_at.ts";
import { attended, isEndless } from "./stall.ts";
import { leftAfter, wreckAfter } from "./wreck.ts";

/** How much of it is gone through. */
export interface Crashing {
  readonly via: Via;
  readonly seed: number;
  /** How many crashes, beside the one after the last write. */
  readonly crashes: number;
  /** How many people sign in afterwards, at most. */
  readonly most: number;
}

/** What came of it. */
export interface Crashed {
  readonly wrong: readonly string[];
  readonly states: number;
  readonly healed: number;
  readonly repeated: number;
  /** 1 where the rules say nothing of the flow: it writes into the store by itself, or has several. */
  readonly unjudged: number;
}

const LATER = 61; // seconds: past every deadline
const SECOND = 2; // seed of a repetition: what is random is never made twice
const BROKEN: ReadonlySet<string> = new Set(["internal", "storage_corrupt", "storage_unavailable"]);

/** Lets a flow die at some of its operations, and tells what is wrong afterwards. */
export async function crashed(flow: Flow, crashing: Crashing): Promise<Crashed> {
  const { via, seed, crashes, most } = crashing;
  const looked = await lookedAt(flow, { via });
  const count = looked.history.writes.length;
  const points = picked(count, crashes, seed);
  if (looked.isTampered) return await repeatedAlone(flow, looked, points, via);
  const wrong = new Set(looked.broken);
  const last = await repeated(flow, leftAfter(looked, count), via);
  const clean: Clean = { codes: new Set([...codesOf(looked), ...codesOf(last)]), last, via };
  let healed = 0;
  for (const point of [...points, count]) {
    const wreck = wreckAfter(looked, point);
    const found = point === count ? judged(last, clean) : await repeatedAfter(flow, looked, point, clean);
    for (const later of [0, LATER]) {
      if (crashes < count && later !== (seed + point) % 2 * LATER) continue;
      healed++;
      found.push(...await wrongAfter(wreck, { via, later, seed, most, createAuth: flow.options.createAuth }));
    }
    for (const one of found) wrong.add(`after ${point} of ${count} writes, by ${via}: ${one}`);
  }
  const states = points.length + 1;
  return { wrong: [...wrong], states, healed, repeated: states, unjudged: 0 };
}

/** Numbers below `count`, each once: all of them, or some that follow from a seed. */
export function picked(count: number, most: number, seed: number): readonly number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (most >= count) return all;
  const random = chance(seed);
  const left = Array.from({ length: most }, () => {
    const [high = 0, low = 0] = random(2);
    return all.splice((high * 256 + low) % all.length, 1)[0] ?? 0;
  });
  return left.toSorted((a, b) => a - b);
}

/** What a flow does where nobody died. */
interface Clean {
  /** What its calls fail with. */
  readonly codes: ReadonlySet<string>;
  /** It, run a second time on one store. */
  readonly last: Looked;
  readonly via: Via;
}

async function repeated(flow: Flow, wreck: Left, via: Via): Promise<Looked> {
  const left = { ...wreck, now: wreck.now + LATER * 1000 };
  return await attended(flow, { via, left, options: { seed: SECOND } });
}

/** What fails in a run that fails in none that nobody disturbs, and the rules that it breaks. */
function judged(run: Looked, { codes }: Clean): string[] {
  const odd = run.history.calls.filter(({ code }) =>
    code !== undefined && BROKEN.has(code) && !codes.has(code)
  );
  const endless = isEndless(run) ? ["the flow again: it never ends"] : [];
  return [
    ...endless,
    ...run.broken,
    ...odd.map(({ name, code }) => `the flow again: ${name} failed with ${code}`),
  ];
}

/** A flow that passes twice on one store passes after a crash too, unless it does not where it is stopped between two calls either:
 * what was half made must be like what was not begun, or like what was done. What waits for an answer, a code or a reply, may stay until
 * it runs out, and what leads nowhere until it is swept. */
async function repeatedAfter(flow: Flow, looked: Looked, point: number, clean: Clean): Promise<string[]> {
  const run = await repeated(flow, leftAfter(looked, point), clean.via);
  const wrong = judged(run, clean);
  if (run.failure === undefined || clean.last.failure !== undefined) return wrong;
  const swept = await sweptLater(wreckAfter(looked, point), clean.via);
  if ((await repeated(flow, swept, clean.via)).failure === undefined) return wrong;
  for (const edge of edgesOf(looked, point)) {
    const whole = await repeated(flow, leftAfter(looked, edge), clean.via);
    if (whole.failure !== undefined) return wrong;
  }
  return [...wrong, `the flow again: ${run.failure}`];
}

/** After how many writes each of those calls that were under way at a point had not begun to write, or had written all, and none was half
 * way. */
function edgesOf({ history: { calls, writes } }: Looked, point: number): readonly number[] {
  const [before, after] = [writes[point - 1]?.order ?? -1, writes[point]?.order ?? Infinity];
  const open = calls.filter(({ begun, ended }) => begun < after && (ended ?? Infinity) > before);
  const spans = open.flatMap((one) => {
    const theirs = writes.flatMap(({ call }, i) => call === one ? [i] : []);
    return theirs.length === 0 ? [] : [[Math.min(...theirs), Math.max(...theirs) + 1] as const];
  });
  const edges = [...new Set(spans.length === 0 ? [point] : spans.flat())];
  return edges.filter((edge) => spans.every(([from, to]) => edge <= from || edge >= to));
}

/** Of a flow that writes into the store by itself, what is left is its own doing: the library must not fall over it. */
async function repeatedAlone(
  flow: Flow,
  looked: Looked,
  points: readonly number[],
  via: Via,
): Promise<Crashed> {
  const wrong: string[] = [];
  for (const point of points) {
    const run = await repeated(flow, leftAfter(looked, point), via);
    const fell = codesOf(run).has("internal") && !codesOf(looked).has("internal");
    if (fell) wrong.push(`after ${point} writes, by ${via}: the flow again: internal`);
  }
  return { wrong, states: 0, healed: 0, repeated: points.length, unjudged: 1 };
}

function codesOf({ history }: Looked): ReadonlySet<string> {
  return new Set(history.calls.flatMap(({ code }) => code === undefined ? [] : [code]));
}

/** Runs a flow whose store does not answer again from operation number `n` on, before or after that took effect. Resolves to what
 * stands in the store then; by then whoever waited has been told that nothing will come, so that nobody waits for ever. */
export async function stopped(flow: Flow, via: Via, n: number, took: boolean): Promise<Looked> {
  const { promise, resolve: died } = Promise.withResolvers<void>();
  let count = 0;
  const { promise: never, reject: release } = Promise.withResolvers<never>();
  never.catch(() => {}); // nobody may be waiting
  function pretend(truth: Driver): Driver {
    const stopping = <F extends (...given: never[]) => unknown>(call: F): F =>
      ((...given) => {
        if (count < n) return count++, call(...given);
        if (count++ === n) {
          if (took) void (async () => await call(...given))().catch(() => {}); // whatever it answers, nobody hears it
          died();
        }
        return never;
      }) as F; // the same function, until it answers no more
    return {
      ...truth,
      getItem: stopping(truth.getItem),
      swap: stopping(truth.swap),
    };
  }
  try {
    return await lookedAt(flow, { via, pretend }, promise);
  } finally {
    release(new Error("the process is dead"));
  }
}

/** Whether what a death left is one of the states that a flow's writes went through. Signing keys are never made twice alike, and what has
 * run out meanwhile is gone. */
export function isRecorded({ contents, now }: Looked, looked: Looked): boolean {
  const wanted = told(contents);
  return Array.from({ length: looked.history.writes.length + 1 }, (_, i) => leftAfter(looked, i).entries)
    .map((entries) => [...entries].filter(([, { exp }]) => exp > now))
    .some((entries) => told(entries.map(([key, { text }]) => [key, text])) === wanted);
}

/** Whether several calls of a flow are under way at once. */
export function isRace({ history: { calls } }: Looked): boolean {
  return calls.some(({ begun, ended }, i) =>
    calls.slice(i + 1).some((next) => next.begun < (ended ?? Infinity) && begun < next.begun)
  );
}

/** Whether two runs of a flow wrote the same. */
export function isAlike(one: Looked, other: Looked): boolean {
  const [writes, others] = [one, other].map(({ history }) =>
    history.writes.filter(({ key }) => key !== "signing-keys").map(({ key, after }) => [key, after])
  );
  return JSON.stringify(writes) === JSON.stringify(others);
}

function told(contents: Iterable<readonly [key: string, text: string]>): string {
  const entries = [...contents].filter(([key]) => key !== "signing-keys");
  return JSON.stringify(entries.toSorted(([a], [b]) => a < b ? -1 : 1));
}
