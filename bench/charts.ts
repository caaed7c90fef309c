// Races as pictures: for each runtime a bar for everybody who took part. SVG, readable on a light and on a dark page.
import type { Outcome, RaceOutcome } from "./outcomes.ts";
import { figure } from "./table.ts";

const WIDTH = 760;
const NAMES = 190; // room for the names on the left
const BARS = WIDTH - NAMES - 110; // and for the figures on the right
const LINE = 26;
const TITLE = 44;
const GROUP = 30;

const STYLE = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .runtime { font-weight: 600; fill: #59636e }
  .ours { fill: #0f766e }
  .theirs { fill: #b6bec7 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .runtime { fill: #9198a1 }
    .ours { fill: #2dd4bf }
    .theirs { fill: #4b535d }
  }
`;

const RUNTIME_NAMES = { node: "Node", deno: "Deno", bun: "Bun" } as const;

/** A chart for each name that races give: SVG by name. */
export function charts(
  outcomes: readonly Outcome[],
): ReadonlyMap<string, string> {
  const races = outcomes.filter((one) => one.is === "race");
  const named = Map.groupBy(
    races.filter(({ chart }) => chart !== undefined),
    ({ chart = "" }) => chart,
  );
  return new Map([...named].map(([name, all]) => [name, chart(all)]));
}

/** One chart of the same race on several runtimes. */
function chart(races: readonly RaceOutcome[]): string {
  const title = `${races[0]?.title ?? ""}, a second`;
  const most = Math.max(
    ...races.flatMap(({ contestants }) => contestants.map(({ perSecond }) => perSecond[1])),
  );
  const parts: string[] = [];
  let top = TITLE;
  for (const race of races) {
    parts.push(group(race, top, most));
    top += GROUP + race.contestants.length * LINE;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + 12}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="0" y="20">${escaped(title)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** The bars of one runtime. */
function group(
  { runtime, contestants }: RaceOutcome,
  top: number,
  most: number,
): string {
  const bars = contestants.map(({ name, perSecond: [, rate] }, index) => {
    const y = top + GROUP + index * LINE;
    const width = Math.max(2, Math.round(rate / most * BARS));
    const fill = index === 0 ? "ours" : "theirs";
    return [
      `<text x="${NAMES - 10}" y="${y}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${fill}" x="${NAMES}" y="${y - 13}" width="${width}" height="17" rx="2"/>`,
      `<text x="${NAMES + width + 8}" y="${y}">${figure(rate)}</text>`,
    ].join("\n");
  });
  return [
    `<text class="runtime" x="0" y="${top + GROUP}">${RUNTIME_NAMES[runtime]}</text>`,
    ...bars,
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
