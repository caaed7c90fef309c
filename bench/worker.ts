// Measures one row on the runtime that it is started with, in a process of its own: `node bench/worker.ts NAME [--short]`. Prints a line
// of JSON for each outcome.
import { LENGTHS, play } from "./contest.ts";
import { type Outcome, type Place, raceOutcome, readingOutcome } from "./outcomes.ts";
import type { Race, Reading, Row, Runtime } from "./row.ts";
import process from "node:process";

const [name = "", ...flags] = process.argv.slice(2);
const runtime: Runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const short = flags.includes("--short");
const { row }: { row: Row } = await import(
  new URL(`rows/${name}.ts`, import.meta.url).href
);

for await (const one of row.measure({ runtime, short })) {
  console.log(JSON.stringify(await outcome(one)));
}
process.exit(); // what a peer has left running keeps nobody

async function outcome(one: Race | Reading): Promise<Outcome> {
  const place: Place = { row: name, runtime, at: new Date().toISOString() };
  if (one.is === "reading") return readingOutcome(place, one);
  try {
    return raceOutcome(
      place,
      one,
      await play(one, short ? LENGTHS.short : { ...LENGTHS.full, turn: one.turn ?? LENGTHS.full.turn }),
    );
  } finally {
    await one.close?.();
  }
}
