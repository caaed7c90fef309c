// What pages print: tables, and whole files of examples/.
import { readFileSync } from "node:fs";
import { extname } from "node:path";

const root = new URL("../", import.meta.url);
const SLOT = /<!-- printed from the code: (\S+) -->\n[^]*?<!-- end -->/g;

/** A table in Markdown. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A page that is written by hand, its slots filled: each with the text of its name, or with the file of that path. */
export function filled(path: string, texts: Readonly<Record<string, string>> = {}): string {
  const page = readFileSync(new URL(path, root), "utf8");
  return page.replace(SLOT, (_, name: string) => {
    const text = texts[name] ?? example(name);
    return `<!-- printed from the code: ${name} -->\n\n${text}\n\n<!-- end -->`;
  });
}

function example(path: string): string {
  return `\`\`\`${extname(path).slice(1)}\n${readFileSync(new URL(path, root), "utf8").trimEnd()}\n\`\`\``;
}
