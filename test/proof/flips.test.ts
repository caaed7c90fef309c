// Bits that turn over in what is stored: nobody gets in as somebody else, nothing falls over, and what cannot be read says so.
import { expect, test } from "vitest";
import type { createAuth } from "../../src/auth.ts";
import { chance } from "../../src/testing/chance.ts";
import { RUNTIME } from "../suite/flow.ts";
import { planted } from "../suite/planted.ts";
import { type StoreName, STORES } from "../suite/stores.ts";
import { type World, world } from "../suite/world.ts";
import { type Estate, estate, flipped, restore } from "./flipped.ts";
import { caught, inTurn, LONG, SEED, showed } from "./showed.ts";

const FLIPS = LONG ? 12_000 : RUNTIME === "node" ? 80 : 40; // in memory; a twentieth of it elsewhere
const FOUNDATION = /^(?:lookup-key|signing-keys|meta)$/; // what a server reads when it starts

/** What became of a probe: what became of it before, a clear word, or something else. */
type Fate = "as before" | "storage_corrupt" | "otherwise";

/** A probe after a flip. */
interface Tried {
  readonly probe: string;
  readonly fate: Fate;
  readonly about: string;
}

test.each(STORES)("%s: whatever bit turns over, nobody gets in by it", async (store) => {
  const tried = await flips(store, store === "memory" ? FLIPS : FLIPS / 20);
  expect(tried.filter(isUnseen)).toEqual([]);
  const seen = tried.filter(({ fate }) => fate === "storage_corrupt").length;
  if (tried.length > 1000) expect(seen).toBeGreaterThan(0); // of a few flips, none may hit what holds a record together
  showed("disk", { "probes of bits that turned over": tried.length, "of them storage_corrupt": seen });
}, LONG ? 1_800_000 : 180_000);

/** What a signature is judged by, and who shows one. */
const JUDGED_BY = [
  ["publicKey", "a passkey"],
  ["handle", "a passkey"],
  ["asked", "a passkey"],
  ["asked", "a key"],
  ["subject", "a key"],
] as const;

test("whoever signs is told of a bit that turned over in what their signature is judged by", async () => {
  const here = world("memory", "method");
  try {
    const { probes } = await estate(here);
    const contents = await here.contents();
    for (const [member, probe] of JUDGED_BY) {
      const after = (at: number) =>
        new Map([...contents].map(([key, text]) => [key, turning(text, member, at)]));
      const only = { probes: { [probe]: probes[probe]! } };
      const before = await outcomes(here, only, contents, false);
      expect(before.get(probe), `${probe}, while nothing turned over`).toMatch(/^lets in [a-z2-7]{26}$/);
      for (const at of inTurn([...Array(32).keys()], 4)) {
        const found = await outcomes(here, only, after(at), false);
        expect([member, at, found.get(probe)], probe).toEqual([member, at, "storage_corrupt"]);
      }
    }
  } finally {
    await here.close();
  }
});

/** A text one bit of which turned over at a place in a member that holds text, where it has that. */
function turning(text: string, member: string, place: number): string {
  const start = `"${member}":"`;
  const at = text.indexOf(start);
  return at < 0 ? text : flipped(text, at + start.length + place, place % 5); // no letter becomes nothing by these
}

test.skipIf(RUNTIME !== "node")("a library that takes what cannot be read for nothing is seen", async () => {
  const make = await planted([{
    file: "src/store/collection.ts",
    from: "return text === null ? null : known(text, () => shapedBy(key, text));",
    to:
      "try { return text === null ? null : known(text, () => shapedBy(key, text)); } catch { return null; }",
  }]);
  expect((await flips("memory", 60, make)).filter(isUnseen)).not.toEqual([]);
  caught("disk", "a library that takes what cannot be read for nothing");
});

test.skipIf(RUNTIME !== "node")("a library that does not look at the sum is seen", async () => {
  const make = await planted([{
    file: "src/store/record_text.ts",
    from:
      'if (!isSummed || sumIn(text) !== crc32(text, end)) throw corrupt(key, "is not as it was written");',
    to: "",
  }]);
  expect((await flips("memory", 400, make)).filter(isUnseen)).not.toEqual([]);
  caught("disk", "a library that does not look at a record's sum");
});

/** Whoever reads what is not as it was written is told so: it is not as if it were not there, nor as if it said something else. */
function isUnseen({ fate }: Tried): boolean {
  return fate !== "as before" && fate !== "storage_corrupt";
}

/** Lets single bits turn over, each in a whole store, and tries whatever lets anybody in: so many, or fewer where a bug
 * was planted and has shown. */
async function flips(store: StoreName, count: number, make?: typeof createAuth): Promise<readonly Tried[]> {
  const here = world(store, "method", make === undefined ? {} : { createAuth: make });
  try {
    const people = await estate(here);
    const contents = await here.contents();
    const before = await outcomes(here, people, contents, false);
    const lot = lots(SEED);
    const tried: Tried[] = [];
    for (let n = 0; n < count; n++) {
      const [key, text] = [...contents][lot(contents.size)] ?? ["", ""];
      const other = flipped(text, lot(new TextEncoder().encode(text).length), lot(8));
      if (other.includes("\0")) continue; // no driver keeps that
      const after = await outcomes(here, people, new Map([...contents, [key, other]]), FOUNDATION.test(key));
      const about = `${key}: ${other} (LATCHKEY_SEED=${SEED})`;
      for (const [probe, outcome] of after) {
        tried.push({ probe, fate: fateOf(before.get(probe) ?? "", outcome), about: `${outcome}: ${about}` });
      }
      if (make !== undefined && tried.some(isUnseen)) break;
    }
    return tried;
  } finally {
    await here.close();
  }
}

/** What each probe comes to in a store that says this. */
async function outcomes(
  here: World,
  { probes }: Estate,
  contents: ReadonlyMap<string, string>,
  isNew: boolean,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const driver = here.driver();
  const auth = isNew ? here.another({ storage: driver }) : here.server();
  for (const [name, probe] of Object.entries(probes)) {
    await restore(driver, contents);
    found.set(name, await probe(auth));
  }
  return found;
}

function fateOf(before: string, after: string): Fate {
  if (after === before) return "as before";
  return after === "storage_corrupt" ? after : "otherwise";
}

function lots(seed: number): (below: number) => number {
  const random = chance(seed);
  return (below) => {
    const [high = 0, low = 0] = random(2);
    return Math.floor(((high * 256 + low) / 65_536) * below);
  };
}
