// What a session check costs in a large store against a small one, and what the bare reads lose between the two.
import { type Length, LENGTHS, play } from "./contest.ts";
import { requestOf } from "./crowd.ts";
import { limit, type Read } from "./limit.ts";
import type { Contestant, Reading, Settings } from "./row.ts";

/** A store with so many people of `crowd.ts`: the library over it, and its bare reads. */
export interface Crowded {
  readonly count: number;
  readonly getSession: (request: Request) => Promise<{ readonly user: object | null }>;
  readonly read: Read;
}

/** Fewer rounds than elsewhere: between two turns all memory is looked through, which takes a second where it is full. */
const FULL: Length = { ...LENGTHS.full, rounds: 11 };

/** Lets both check sessions in both stores, in turn: how many times as long a check takes in the large one, by each of them, and how much
 * more that is for the library. */
export async function growth(
  small: Crowded,
  large: Crowded,
  { store, short }: Pick<Settings, "short"> & { readonly store: string },
): Promise<readonly Reading[]> {
  const contestants = [small, large].flatMap((crowded) => contestantsIn(crowded));
  const { rates } = await play({ contestants }, short ? LENGTHS.short : FULL);
  const [ours = [], bare = [], oursInLarge = [], bareInLarge = []] = rates.map(({ perSecond }) => perSecond);
  const lost = ratios(ours, oursInLarge);
  const lostByReads = ratios(bare, bareInLarge);
  const sizes = `${large.count.toLocaleString("en")} people against ${
    small.count.toLocaleString("en")
  }, ${store}`;
  return [
    { is: "reading", title: `session check, ${sizes}`, unit: "times as long", values: lost },
    { is: "reading", title: `its bare reads, ${sizes}`, unit: "times as long", values: lostByReads },
    {
      is: "reading",
      title: `session check beside its bare reads, ${sizes}`,
      unit: "times as much more",
      values: ratios(lost, lostByReads),
      atMost: 1.15,
    },
  ];
}

/** The library and the bare reads. Those who are asked about are drawn anew for each turn, from all that there are. */
function contestantsIn({ count, getSession, read }: Crowded): readonly Contestant[] {
  const check = async (request: Request) => (await getSession(request)).user !== null;
  return [
    { name: `Latchkey, ${count}`, ...drawn(count, check) },
    { name: `two reads, ${count}`, ...drawn(count, (request) => limit(request, read)) },
  ];
}

function drawn(
  count: number,
  isGood: (request: Request) => Promise<boolean>,
): Required<Pick<Contestant, "prepare" | "work">> {
  let requests: readonly Request[] = [];
  return {
    prepare(times) {
      requests = Array.from({ length: times }, () => requestOf(Math.floor(Math.random() * count)));
      return Promise.resolve();
    },
    async work() {
      for (const request of requests) if (!await isGood(request)) throw new Error("a session was not found");
    },
  };
}

function ratios(these: readonly number[], those: readonly number[]): readonly number[] {
  return these.map((one, round) => one / (those[round] ?? NaN));
}
