// Folders for the file-system driver, and drivers on them.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fs from "../../drivers/fs.ts";
import type { Driver } from "../../src/store/driver.ts";

const opened: Driver[] = [];
let directory: string | undefined;
let folders = 0;

/** A folder that is not there yet: in memory where there is such a disk. It is twenty times as fast, and whether something reaches a
 * real one no test can see. */
export function folder(): string {
  directory ??= mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "latchkey-"));
  return join(directory, `${++folders}`);
}

/** A driver that is disposed after the test. */
export function open(base: string, now: () => number = Date.now): Driver {
  const driver = fs({ base, now });
  opened.push(driver);
  return driver;
}

export async function disposeAll(): Promise<void> {
  for (const driver of opened.splice(0)) await driver.dispose();
}

export function removeAll(): void {
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
}

/** The paths of all files but the locks. */
export function filesIn(base: string): readonly string[] {
  const found = readdirSync(base, { withFileTypes: true, recursive: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => path.slice(base.length + 1)).filter((path) => !path.startsWith(".lock"))
    .toSorted();
}
