import { join } from "node:path";
import type { Driver } from "@latchkey/auth";
import sqlite from "@latchkey/auth/drivers/sqlite";

/** The store of a name, empty at first, by a clock that is turned. In place of SQLite: your own. */
export default function tried({ now, at }: { readonly now: () => number; readonly at: string }): Driver {
  const folder = process.env["TRIED_FOLDER"] ?? ".";
  return sqlite({ path: join(folder, `${at}.db`), now, synchronous: "normal" });
}
