// A user whom permissions bind, as they do not bind root.
import { chmodSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const NOBODY = 65534;

/** Makes this process that user's. Answers how to go back. */
export function asNobody(): () => void {
  process.seteuid?.(NOBODY);
  return () => void process.seteuid?.(0);
}

/** Lets everybody read a store, and nobody but root write it. */
export function letRead(path: string): void {
  chmodSync(dirname(path), 0o755);
  letReadAll(dirname(path));
}

function letReadAll(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const isFolder = statSync(path).isDirectory();
    chmodSync(path, isFolder ? 0o755 : 0o644);
    if (isFolder) letReadAll(path);
  }
}
