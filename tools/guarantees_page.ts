// What docs/guarantees.md prints: the rules that everything is held against, what the instruments went through when they last ran at
// their full length, the planted bugs that they caught, and what each of them says of itself.
import { existsSync, readFileSync } from "node:fs";
import { RULES } from "../test/proof/rules.ts";
import { INSTRUMENTS } from "../test/proof/showed.ts";
import { filled, table } from "./markdown.ts";

const proof = new URL("../test/proof/", import.meta.url);

/** What is kept of long runs, by instrument. */
interface Shown {
  readonly runs: Readonly<Record<string, Run>>;
  readonly bugs: readonly string[];
}

interface Run {
  readonly date: string;
  readonly version: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly seeds: readonly number[];
}

/** The page with its slots filled. */
export function guaranteesPage(): string {
  return filled("docs/guarantees.md", { rules: rules(), runs: runs(), instruments: instruments() });
}

function rules(): string {
  return Object.keys(RULES).map((sentence) => `- ${sentence[0]?.toUpperCase()}${sentence.slice(1)}.`).join(
    "\n",
  );
}

function shown(): Readonly<Record<string, Shown>> {
  return JSON.parse(readFileSync(new URL("shown.json", proof), "utf8"));
}

function runs(): string {
  const kept = shown();
  const rows = INSTRUMENTS.flatMap((instrument) =>
    Object.entries(kept[instrument]?.runs ?? {}).map(([runtime, { date, version, counts, seeds }]) => [
      instrument,
      `${NAMES[runtime] ?? runtime} ${version}`,
      date,
      Object.entries(counts).map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", "),
      seeds.map((seed) => `\`${seed}\``).join(" "),
    ])
  );
  return table(["instrument", "on", "date", "went through", "seed"], rows);
}

const NAMES: Readonly<Record<string, string>> = { node: "Node", deno: "Deno", bun: "Bun" };

/** Each instrument in its own words, and the bugs that it caught. */
function instruments(): string {
  const kept = shown();
  return INSTRUMENTS.flatMap((instrument) => {
    const about = new URL(`about/${instrument.replaceAll(" ", "_")}.md`, proof);
    if (!existsSync(about)) return [];
    const bugs = kept[instrument]?.bugs ?? [];
    const caught = bugs.map((bug) => `- ${bug}`).join("\n");
    const text = readFileSync(about, "utf8").trim();
    return [bugs.length === 0 ? text : `${text}\n\nCaught, where it was planted:\n\n${caught}`];
  }).join("\n\n");
}
