// A disk that is soon full.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./folders.ts";

export interface SmallDisk {
  readonly path: string;
  /** Leaves no room. */
  readonly fill: () => void;
  /** Makes room again. */
  readonly empty: () => void;
  readonly unmount: () => void;
}

const PAGE = 4096; // bytes: less than one cannot be had

/** A disk in memory with room for `size`; null where we may not mount one, which only root may. */
export function smallDisk(size: string): SmallDisk | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  const path = folder();
  mkdirSync(path);
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  if (status !== 0) return null;
  const ballast = join(path, "ballast");
  return {
    path,
    fill() {
      const file = openSync(ballast, "a");
      try {
        for (let block = 256 * PAGE; block >= PAGE; block /= 2) writeAll(file, new Uint8Array(block));
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync("umount", ["-l", path]),
  };
}

/** Writes a block again and again, until there is no room for it. */
function writeAll(file: number, block: Uint8Array): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (Object(error).code !== "ENOSPC") throw error;
  }
}
