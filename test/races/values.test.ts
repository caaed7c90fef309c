// Values of accounts that race. Each check is also run on bugs, in planted_values.test.ts.
import { describe, test } from "vitest";
import { LONG } from "../proof/showed.ts";
import { STORES } from "../suite/stores.ts";
import { crossedAdds, valueChecks } from "./values.ts";

// Which request is held where is the same whatever keeps the records.
for (const store of LONG ? STORES : ["memory", "sqlite"] as const) {
  describe(`held at every point, on ${store}`, () => {
    for (const [name, check] of Object.entries(valueChecks)) test(name, () => check({}, store));
  });
}

test("an add × another's add, each held at every point", () => crossedAdds({}, "memory"));
