// All flows that `test/flows` registers.
import { readdirSync, readFileSync } from "node:fs";
import { collecting, type Flow } from "../suite/flow.ts";

const folder = new URL("../flows/", import.meta.url);

/** The files that register flows, and their texts. */
export const FILES: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .map((name) => [name, readFileSync(new URL(name, folder), "utf8")] as const)
    .filter(([, text]) => text.includes("../suite/flow.ts") && /\bflow\(/.test(text)),
);

let all: Promise<readonly Flow[]> | undefined;

/** Every flow there is: what an instrument goes through. A file registers its flows once, when it is loaded. */
export function allFlows(): Promise<readonly Flow[]> {
  all ??= collecting(async () => {
    for (const name of FILES.keys()) await import(`../flows/${name.slice(0, -".test.ts".length)}.test.ts`);
  });
  return all;
}
