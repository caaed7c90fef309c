import { dirname, normalize } from "node:path";
import type { Driver } from "../../mod.ts";
import { FOLDER, makeFolder } from "./folder.ts";

/** A way of keeping things that the command line can name. */
interface Store {
  /** How it is written, for people. */
  readonly form: string;
  /** How it is written, with what follows the scheme as its first group. */
  readonly pattern: RegExp;
  readonly open: (path: string) => Promise<Driver>;
}

/** Every store that `--storage` takes. A driver is loaded when it is opened. */
export const STORES: Readonly<Record<string, Store>> = {
  sqlite: {
    form: "sqlite:PATH",
    pattern: /^sqlite:([^\0]+)$/,
    async open(path) {
      if (dirname(normalize(path)) === FOLDER) await makeFolder(); // any other folder is its owner's to make
      const { default: sqlite } = await import("../../drivers/sqlite.ts");
      return sqlite({ path });
    },
  },
  memory: {
    form: "memory:",
    pattern: /^memory:()$/,
    async open() {
      const { default: memory } = await import("../../drivers/memory.ts");
      return memory();
    },
  },
};

/** Opens the store that a checked option names.
 * @throws {AuthError} what its driver throws */
export async function openStore(storage: string): Promise<Driver> {
  for (const { pattern, open } of Object.values(STORES)) {
    const [, path] = pattern.exec(storage) ?? [];
    if (path !== undefined) return await open(path);
  }
  throw new TypeError(`the options were not checked: ${storage}`);
}
