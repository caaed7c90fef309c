// The driver that docs/stores.md walks through keeps all laws, on a real PostgreSQL: PGlite, which is one in this process.
import { readFileSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgres, type Sql, TABLE } from "../../examples/postgres_driver.ts";
import { driverSuite } from "../../src/testing/driver_suite.ts";

let sql: PGlite;
beforeAll(async () => void (sql = await PGlite.create()));
afterAll(() => sql.close());

driverSuite(test, async ({ now }) => {
  await sql.exec(`DROP TABLE IF EXISTS auth; ${TABLE}`);
  return postgres(sql as Sql, now);
}, { ordered: true, keys: 1000 });

test("the driver is as short as the page says", () => {
  const lines = readFileSync(new URL("../../examples/postgres_driver.ts", import.meta.url), "utf8").trimEnd();
  expect(lines.split("\n").length).toBeLessThan(60);
});
