// Values of accounts that race. Each check is also run on bugs, in planted_values.test.ts.
import { describe, test } from "vitest";
import { inTurn, LONG } from "../proof/showed.ts";
import { STORES } from "../suite/stores.ts";
import { crossedAdds, valueChecks } from "./values.ts";

// Which request is held where is the same whatever keeps the records: all of them in memory, and some on another store.
for (const store of LONG ? STORES : ["memory", "sqlite"] as const) {
  describe(`held at every point, on ${store}`, () => {
    const all = Object.entries(valueChecks);
    for (const [name, check] of store === "memory" ? all : inTurn(all, 4)) test(name, () => check({}, store));
  });
}

test("an add × another's add, each held at every point", () => crossedAdds({}, "memory"));
