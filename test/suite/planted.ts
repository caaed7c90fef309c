// The library with a bug planted in it, to see that a test would notice.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type redis from "../../drivers/redis.ts";
import type { createAuth } from "../../src/auth.ts";
import type { tokenCheck } from "../../src/protocol/jwt.ts";
import type { Parts } from "../proof/accounts.ts";

/** A change of one place in the source. */
export interface Change {
  /** The file, from the project's root. */
  readonly file: string;
  /** The text that stands there, exactly once. How it is formatted does not matter. */
  readonly from: string;
  readonly to: string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const nursery = join(root, "test", ".planted");
const copies: string[] = [];

/** `createAuth` from a copy of the source in which some places are changed.
 * @throws {Error} where the text to change is not found exactly once */
export async function planted(changes: readonly Change[]): Promise<typeof createAuth> {
  return await createAuthOf(copied(changes));
}

/** The same, and what accounts are made with in that copy. */
export async function plantedWithParts(
  changes: readonly Change[],
): Promise<{ readonly createAuth: typeof createAuth; readonly parts: Parts }> {
  const copy = copied(changes);
  const [{ accounts }, { foundation }, { keyring }, { store }] = await Promise.all(
    ["core/accounts", "core/foundation", "crypto/keyring", "store/collection"].map((path) =>
      import(copy(`src/${path}.ts`))
    ),
  );
  return { createAuth: await createAuthOf(copy), parts: { accounts, foundation, keyring, store } };
}

/** The Redis driver from such a copy. */
export async function plantedRedis(changes: readonly Change[]): Promise<typeof redis> {
  const door: { readonly default: typeof redis } = await import(copied(changes)("drivers/redis.ts"));
  return door.default;
}

/** What checks access tokens, from such a copy. */
export async function plantedTokenCheck(changes: readonly Change[]): Promise<typeof tokenCheck> {
  const file: { readonly tokenCheck: typeof tokenCheck } = await import(
    copied(changes)("src/protocol/jwt.ts")
  );
  return file.tokenCheck;
}

async function createAuthOf(copy: Copy): Promise<typeof createAuth> {
  const door: { readonly createAuth: typeof createAuth } = await import(copy("mod.ts"));
  return door.createAuth;
}

/** Where a file of a copy is, by its path from the project's root. */
type Copy = (file: string) => string;

/** A copy of the source in which some places are changed. Libraries are those of the project. The copy stays while this process runs,
 * for what is loaded when it is first used. */
function copied(changes: readonly Change[]): Copy {
  mkdirSync(nursery, { recursive: true });
  weed();
  const copy = mkdtempSync(join(nursery, `${process.pid}-`));
  if (copies.push(copy) === 1) process.once("exit", () => copies.forEach(remove));
  for (const part of ["mod.ts", "src", "drivers"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  for (const { file, from, to } of changes) {
    const path = join(copy, file);
    writeFileSync(path, replaced(readFileSync(path, "utf8"), { file, from, to }));
  }
  return (file) => pathToFileURL(join(copy, file)).href;
}

/** Removes the copies of processes that were killed. */
function weed(): void {
  for (const name of readdirSync(nursery)) {
    try {
      process.kill(Number(/\d+/.exec(name)), 0); // whatever stands before the number of its process
    } catch {
      remove(join(nursery, name)); // there is no such process
    }
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The text with one place changed. */
export function replaced(text: string, { file, from, to }: Change): string {
  const [whole, part] = [bare(text), bare(from)];
  const first = whole.text.indexOf(part.text);
  if (first === -1) throw new Error(`${file} does not say: ${from}`);
  if (whole.text.includes(part.text, first + 1)) throw new Error(`${file} says more than once: ${from}`);
  const [start, last] = [whole.places[first], whole.places[first + part.text.length - 1]];
  return text.slice(0, start) + to + text.slice(Number(last) + 1);
}

/** The text without what a formatter may change, white space and commas before a closing bracket, and where each character of
 * it stood. */
function bare(text: string): { readonly text: string; readonly places: readonly number[] } {
  const places = [...text.matchAll(/[^\s,]|,(?!\s*[)\]}])/g)].map(({ index }) => index);
  return { text: places.map((place) => text[place]).join(""), places };
}
