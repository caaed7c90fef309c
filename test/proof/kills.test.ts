// kill -9 of processes that run the library, at moments that chance chooses, several at once on one store. Whoever comes next finds
// everybody where they were told that they are.
import { afterEach, describe, test } from "vitest";
import { cleanUp } from "../suite/children.ts";
import { RUNTIME } from "../suite/flow.ts";
import { STORES } from "../suite/stores_on_disk.ts";
import { playOut, SOUND, startOnce } from "./lives.ts";
import { LONG, SEED } from "./showed.ts";

const KILLS = LONG ? 500 : RUNTIME === "node" ? 8 : 4;
const EACH = LONG ? 25 : KILLS; // on one store: each store is new once, when processes meet over its first keys

afterEach(cleanUp);

describe.each(STORES)("%s", (store) => {
  test(`${KILLS} servers that are killed leave everybody what they were told`, async () => {
    await startOnce(store);
    for (let done = 0; done < KILLS; done += EACH) {
      await playOut({ ...SOUND, store, kills: EACH, seed: SEED + done });
    }
  }, LONG ? 1_800_000 : 180_000);
});
