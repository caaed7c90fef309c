// A process that hammers on one store after the other. It hears and says lines of JSON, and writes what it noted to a file.
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createAuth } from "../../src/auth.ts";
import { sha256Text } from "../../src/base/hash.ts";
import { chance } from "../../src/testing/chance.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import { type Change, planted } from "../suite/planted.ts";
import { driverAt, type Place } from "../suite/stores.ts";
import { type Board, board, type Post } from "./board.ts";
import { common, hammering, OPTIONS } from "./hammer.ts";
import type { Operation } from "./linearizable.ts";
import { machineClock, recording } from "./recording.ts";
import type { Request } from "./requests.ts";

/** What it begins with: what is changed in its copy of the library. */
export interface Setup {
  readonly changes: readonly Change[];
}

/** What it hears: where to hammer, when to begin, and what the others hang up. */
export type Heard = { readonly begin: Given } | { readonly go: true } | { readonly post: Post };

/** What it says. */
export type Said = { readonly is: "up" | "ready" | "done" } | { readonly post: Post };

/** What it is given. */
export interface Given {
  readonly place: Place;
  readonly process: string;
  readonly seed: number;
  readonly seconds: number;
  /** The file for what it notes. */
  readonly out: string;
}

/** What it noted: requests, and what the store was asked and answered. */
export interface Taken {
  readonly log: readonly Request[];
  readonly history: readonly Operation[];
}

const { changes } = JSON.parse(process.argv[2] ?? "") as Setup; // our own test wrote it, and all that follows
const make = changes.length === 0 ? createAuth : await planted(changes);
const clock = machineClock();
let here: { readonly board: Board; readonly go: () => void } | undefined;

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const heard = JSON.parse(line) as Heard;
  if ("begin" in heard) void hammered(heard.begin);
  else if ("post" in heard) here?.board.take(heard.post);
  else here?.go();
});
say({ is: "up" });

async function hammered({ place, process, seed, seconds, out }: Given): Promise<void> {
  const [log, history]: [Request[], Operation[]] = [[], []];
  const [box, random] = [mailbox(), chance(seed)];
  const storage = recording(driverAt(place, Date.now), { process, clock, history, shortened });
  const auth = make({ ...OPTIONS, ...common(storage, box.send) });
  await auth.signingKeys.jwks();
  const shared = board((post) => say({ post }));
  const gone = Promise.withResolvers<void>();
  here = { board: shared, go: gone.resolve };
  say({ is: "ready" });
  await gone.promise;
  const began = clock.since();
  const dice = (sides: number) => Number(random(1)[0]) % sides;
  const hammer = { process, auth, mailbox: box, clock, board: shared, log, dice };
  await hammering(hammer, () => clock.since() - began > seconds * 1000);
  await auth.close();
  const taken: Taken = { log, history };
  writeFileSync(out, JSON.stringify(taken));
  say({ is: "done" });
}

function say(what: Said): void {
  console.log(JSON.stringify(what));
}

/** Another text for another text: a minute's records are more than is kept. */
function shortened(text: string): string {
  return sha256Text(text).slice(0, 22);
}
