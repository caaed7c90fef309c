// Plays a race: everybody does the same work in turn, round after round, so that whatever the machine does meanwhile befalls all of them.
import { pace } from "./machine.ts";
import type { Contestant, Race } from "./row.ts";

/** What one contestant did. */
export interface Rate {
  readonly name: string;
  /** How often it did its work in a second: one number for each round. */
  readonly perSecond: readonly number[];
}

/** What came of a race. */
export interface Played {
  readonly rates: readonly Rate[];
  /** How long a fixed piece of work took, in milliseconds: one number for each round. */
  readonly pace: readonly number[];
}

/** How long everything takes. */
export interface Length {
  readonly rounds: number;
  /** What a turn should take, in milliseconds. */
  readonly turn: number;
  /** For how long each works before anything counts, in milliseconds. */
  readonly warmUp: number;
}

/** At full length, and only to see that all of it runs. */
export const LENGTHS: Readonly<Record<"full" | "short", Length>> = {
  full: { rounds: 21, turn: 100, warmUp: 1000 },
  short: { rounds: 3, turn: 20, warmUp: 200 },
};

/** Lets all contestants work in turn; every other round goes backwards, so that nobody always comes after the same one. */
export async function play(
  { contestants }: Pick<Race, "contestants">,
  length: Length,
): Promise<Played> {
  const players = [];
  for (const contestant of contestants) {
    const times = await calibrate(contestant, length);
    players.push({ contestant, times, perSecond: new Array<number>() });
  }
  const paces: number[] = [];
  for (let round = 0; round < length.rounds; round++) {
    for (
      const { contestant, times, perSecond } of round % 2 === 0 ? players : players.toReversed()
    ) {
      perSecond.push(times / await turn(contestant, times) * 1000);
    }
    paces.push(pace());
  }
  const rates = players.map(({ contestant: { name }, perSecond }) => ({
    name,
    perSecond,
  }));
  return { rates, pace: paces };
}

/** Warms a contestant up, and finds how often it has to work for a turn to take as long as it should. */
async function calibrate(
  contestant: Contestant,
  length: Length,
): Promise<number> {
  let times = 1;
  for (let spent = 0;;) {
    const took = await turn(contestant, times);
    spent += took;
    const enough = Math.max(
      1,
      Math.round(times * length.turn / Math.max(took, 0.001)),
    );
    if (spent >= length.warmUp && took >= length.turn / 4) return enough;
    times = Math.min(enough, times * 4); // the first times are slow, or too quick for the clock
  }
}

/** One turn, in milliseconds. Memory is not swept before: on Node and Deno that also drops compiled code, which no server does ten times
 * a second, and took a third to a half of the rate of whoever was quick. */
async function turn(contestant: Contestant, times: number): Promise<number> {
  await contestant.prepare?.(times);
  const began = performance.now();
  await contestant.work(times);
  return performance.now() - began;
}
