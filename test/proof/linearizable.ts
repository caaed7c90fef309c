// Whether what a store answered can come from one store that does one thing after the other: linearizability, key by key.

/** An operation as whoever asked for it saw it. Times are of one clock, which all of a history share. */
export type Operation = Read | Swap;

interface Asked {
  readonly process: string;
  readonly key: string;
  readonly asked: number;
  /** Null where no answer came, or a failure: then it may have taken effect at any time after it was asked for, or never. */
  readonly answered: number | null;
}

/** A read. */
export interface Read extends Asked {
  readonly name: "get";
  /** The text; null: there was none. */
  readonly reply: string | null;
}

/** A compare-and-set. */
export interface Swap extends Asked {
  readonly name: "swap";
  readonly expected: string | null;
  readonly next: string | null;
  /** From when on what it wrote may have expired; null: never. */
  readonly expires: number | null;
  /** Whether it wrote. */
  readonly reply: boolean;
}

/** A key whose answers fit no order. */
export interface Contradiction {
  readonly key: string;
  /** How many operations fit an order, at best. */
  readonly placed: number;
  /** What stood at the key after those. */
  readonly text: string | null;
  /** Of those that come next, some that do not fit. */
  readonly misfits: readonly Operation[];
}

/** The keys of which there is no order, each operation between its asking and its answering, in which every read gives the text of the
 * last write and every swap writes exactly when it finds what it expects. `initial`: what stood in the store at first. */
export function contradictions(
  history: readonly Operation[],
  initial: ReadonlyMap<string, string> = new Map(),
): readonly Contradiction[] {
  const keys = Map.groupBy(history, ({ key }) => key);
  return [...keys].flatMap(([key, operations]) => {
    const found = contradiction(operations, initial.get(key) ?? null);
    return found === null ? [] : [{ key, ...found }];
  });
}

/** What stands at a key, and from when on it may be gone. */
interface State {
  readonly text: string | null;
  readonly expires: number | null;
}

/** What may change a key next: a swap that wrote, one whose answer is lost, or time (`by` is null). */
interface Move {
  readonly by: Swap | null;
  readonly to: State;
}

/** A change that was chosen, what can be chosen instead, and how to take back what came with it. */
interface Turn {
  readonly others: Move[];
  readonly from: State;
  /** How long the trail of placed operations was. */
  readonly trail: number;
}

/** A depth-first search after Wing and Gong (1993) that forgets no configuration it has seen, after Lowe (2017). Whatever changes
 * nothing is placed as soon as it fits, which can only help; so only changes are chosen between, and where every text is unique there is
 * one choice almost always. */
function contradiction(
  operations: readonly Operation[],
  initial: string | null,
): Omit<Contradiction, "key"> | null {
  const search = searching(operations, { text: initial, expires: null });
  const turns: Turn[] = [];
  const seen = new Set<string>();
  let best: Omit<Contradiction, "key"> = { placed: -1, text: initial, misfits: [] };
  for (;;) {
    search.settle();
    if (search.isDone()) return null;
    let others = search.moves();
    if (others.length > 1) {
      const configuration = search.configuration();
      if (seen.has(configuration)) others = [];
      seen.add(configuration);
    }
    if (others.length === 0 && search.placed() > best.placed) best = search.report();
    turns.push({ others, from: search.state(), trail: search.trail() });
    while (turns.at(-1)?.others.length === 0) turns.pop();
    const turn = turns.at(-1);
    if (turn === undefined) return best;
    search.back(turn);
    search.make(turn.others.shift() as Move); // it is not empty
  }
}

/** The operations of one key, of which some are placed in an order already. */
function searching(operations: readonly Operation[], initial: State) {
  const sorted = operations.toSorted((a, b) => a.asked - b.asked);
  const line = sorted.filter(({ answered }) => answered !== null);
  const lost = sorted.filter((one) => one.name === "swap" && one.answered === null) as readonly Swap[]; // by its name
  const placed = new Set<Operation>();
  const trail: Operation[] = [];
  let state = initial;
  let first = 0; // all of the line before it are placed
  let left = line.length;

  /** Those that may come next: nobody else's answer came before they were asked for. `until`: the first answer that is due. */
  function next(): { readonly ready: readonly Operation[]; readonly until: number } {
    while (first < line.length && placed.has(line[first] as Operation)) first++;
    const ready: Operation[] = [];
    let until = Infinity;
    for (let i = first; i < line.length; i++) {
      const one = line[i] as Operation;
      if (one.asked > until) break;
      if (placed.has(one)) continue;
      ready.push(one);
      until = Math.min(until, Number(one.answered));
    }
    return { ready: ready.filter(({ asked }) => asked <= until), until };
  }

  function place(one: Operation): void {
    placed.add(one);
    trail.push(one);
    if (one.answered !== null) left--;
  }

  return {
    isDone: () => left === 0,
    state: () => state,
    trail: () => trail.length,
    placed: () => line.length - left,
    settle() {
      for (let fits = true; fits;) {
        const still = next().ready.filter((one) => agrees(one, state.text));
        still.forEach(place);
        fits = still.length > 0;
      }
    },
    moves(): Move[] {
      const { ready, until } = next();
      const written = ready.filter((one) => one.name === "swap" && one.reply && one.expected === state.text);
      const late = lost.filter((one) =>
        !placed.has(one) && one.asked <= until && one.expected === state.text
      );
      const moves = [...written as readonly Swap[], ...late].map((by): Move => ({ by, to: after(by) })); // as the filter says
      const isOver = state.text !== null && state.expires !== null && state.expires <= until;
      return isOver ? [...moves, { by: null, to: { text: null, expires: null } }] : moves;
    },
    make({ by, to }: Move) {
      if (by !== null) place(by);
      state = to;
    },
    back({ from, trail: length }: Turn) {
      if (trail.length > length) first = 0;
      for (const one of trail.splice(length)) {
        placed.delete(one);
        if (one.answered !== null) left++;
      }
      state = from;
    },
    configuration(): string {
      const { until } = next();
      const beyond: number[] = [];
      for (let i = first; i < line.length && (line[i] as Operation).asked <= until; i++) {
        if (placed.has(line[i] as Operation)) beyond.push(i);
      }
      const late = [...lost.keys()].filter((i) => placed.has(lost[i] as Operation));
      return JSON.stringify([first, beyond, late, state]);
    },
    report() {
      return { placed: line.length - left, text: state.text, misfits: next().ready.slice(0, 4) };
    },
  };
}

/** Whether an operation is true of a text without changing it. */
function agrees(one: Operation, text: string | null): boolean {
  return one.name === "get" ? one.reply === text : !one.reply && one.expected !== text;
}

function after({ next: text, expires }: Swap): State {
  return { text, expires: text === null ? null : expires };
}
