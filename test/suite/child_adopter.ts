// Another process on the same SQLite file, which it has by unstorage's db0. It obeys lines of JSON on its standard input and answers
// each with one line.
import { createInterface } from "node:readline";
import { createDatabase } from "db0";
import nodeSqlite from "db0/connectors/node-sqlite";
import db0 from "unstorage/drivers/db0";
import { adopt } from "../../src/store/adopt.ts";
import type { Driver } from "../../src/store/driver.ts";
import { unhurried } from "../../src/testing/unhurried.ts";

/** What is to be done, and where. */
export interface Order {
  readonly do: "open" | "race";
  readonly path: string;
  /** How many creates are raced for, and how many additions are made. */
  readonly creates: number;
  readonly additions: number;
}

const work: { readonly [K in Order["do"]]: (driver: Driver, order: Order) => Promise<unknown> } = {
  /** What a process does first: its own key, and one that all want. */
  async open(driver) {
    return [
      await driver.swap(`users:${process.pid}`, null, "1"),
      await driver.swap("once", null, `${process.pid}`),
    ];
  },

  /** Creates what only one can create, and adds one many times, beginning again when somebody was faster. */
  async race(driver, { creates, additions }) {
    let created = 0;
    for (let n = 0; n < creates; n++) {
      if (await driver.swap(`identifiers:${n}`, null, `${process.pid}`)) created++;
    }
    for (let done = 0; done < additions;) {
      const text = await driver.getItem("counter");
      if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
    }
    return created;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order; // our own test wrote it
  const database = createDatabase(nodeSqlite({ path: order.path }));
  const driver = adopt(db0({ database }));
  let answer: unknown;
  try {
    answer = await work[order.do](unhurried(driver), order); // of what happens in no time, nothing races
  } catch (error) {
    answer = error instanceof Error ? error.message : String(error);
  }
  await driver.dispose();
  await database.dispose();
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
