// A store that fails while values are added and removed: whatever is left, whoever comes next sets it right.
import { expect } from "vitest";
import { RUNS } from "../suite/failing_steps.ts";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { outcome } from "../suite/steps.ts";
import { STORES } from "../suite/stores.ts";
import { expectSound, type Person, person, personAt } from "../suite/values.ts";

const ADA = "ada@example.com";

/** What is stopped, what went before it, and what the account lists when it has been done again. */
const STOPPED = [
  { name: "add", before: [], step: ({ add }: Person) => add(["x@example.com", "y@example.com"]), lists: 3 },
  {
    name: "remove",
    before: ["x@example.com"],
    step: ({ remove }: Person) => remove("x@example.com"),
    lists: 1,
  },
];

for (const { name, before, step, lists } of STOPPED) {
  flow(`${name}, stopped at any operation, leaves what whoever comes next sets right`, async (world) => {
    // Each cell fails in another way, and the first of the matrix in all of them.
    const cell = STORES.indexOf(world.store) + (world.via === "http" ? STORES.length : 0);
    for (const run of cell === 0 ? RUNS : [RUNS.at(cell % RUNS.length)!]) {
      for (let n = 0, hit = true; hit; n++) {
        const ada = await person(world, ADA);
        if (before.length > 0) await ada.add(before);
        const store = faulty(world.driver());
        const failing = personAt(await world.accounts(store.driver), ada.uid, ada.sid);
        const [late, first]: [(() => Promise<unknown>)[], number] = [[], store.seen.length];
        hit = false;
        store.fault = (operation, call) => {
          if (operation.n - first < n) return call();
          hit = true;
          return run(operation.n - first === n, call, late, operation);
        };
        const how = await outcome(step(failing));
        expect([n, how], "how it ends").toEqual([
          n,
          expect.stringMatching(hit ? /^(fine|storage_unavailable)$/ : /^fine$/),
        ]);
        await world.turn("6s"); // longer than the deadline: what was left is not waited for
        const again = await outcome(step(ada));
        expect(["fine", "not_found"], "the same again").toContain(again);
        for (const call of late) await call();
        expect(await ada.listed()).toHaveLength(lists);
        await expectSound(world);
        await world.server().users.remove({ id: ada.uid });
      }
    }
  });
}
