import memory from "../../drivers/memory.ts";
import { operations } from "../operations.ts";
import type { Row } from "../row.ts";

/** How often each request asks the store, whichever it is. */
export const row: Row = {
  title: "Storage operations",
  runtimes: ["node"], // they are the same everywhere
  async *measure() {
    for (const [what, count] of await operations(memory())) {
      yield { is: "reading", title: `storage operations: ${what}`, unit: "operations", values: [count] };
    }
  },
};
