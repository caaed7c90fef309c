// The stores that several processes share by a path, and what a writer does to one until it is killed.
import fs from "../../drivers/fs.ts";
import sqlite from "../../drivers/sqlite.ts";
import type { Driver } from "../../src/store/driver.ts";

export type StoreOnDisk = "sqlite" | "fs";

export const STORES: readonly StoreOnDisk[] = ["sqlite", "fs"];

export interface Opening {
  readonly now?: () => number;
  /** Seconds. */
  readonly deadline?: number;
}

export function openAt(store: StoreOnDisk, path: string, options: Opening = {}): Driver {
  return store === "fs" ? fs({ base: path, ...options }) : sqlite({ path, ...options });
}

/** The locks of a store, each an SQLite file. */
export function locksOf(store: StoreOnDisk, path: string): readonly string[] {
  return store === "fs" ? Array.from({ length: 16 }, (_, n) => `${path}/.lock-${n}`) : [path];
}

/** How many keys a writer writes at once, each in steps of its own. */
export const LANES = 3;

/** The key of a writer's lane. */
export function keyOf(pid: number, lane: number): string {
  return `users:${pid}-${lane}`;
}

/** What is stored after a writer's step; null: nothing. A step is one swap: it creates, updates or removes. */
export function after(step: number): string | null {
  return step < 0 || step % 5 === 4 ? null : `{"step":${step},"is":"${"x".repeat((step * 7919) % 5000)}"}`;
}
