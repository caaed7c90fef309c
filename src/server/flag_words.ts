import { parseArgs } from "node:util";
import { unusable } from "./folder.ts";

/** Which flags there are: those that a value follows, and those that stand alone. */
export interface FlagNames {
  readonly valued: readonly string[];
  readonly switches: readonly string[];
}

/** The flags of a command line and what follows them.
 * @throws {AuthError} `config_invalid` with what is no flag, or is a flag that nothing follows */
export function flagsOf(
  args: readonly string[],
  { valued, switches }: FlagNames,
): ReadonlyMap<string, string> {
  const options = Object.fromEntries([
    ...switches.map((name) => [name, { type: "boolean" }] as const),
    ...valued.map((name) => [name, { type: "string" }] as const),
  ]);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const found = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(options, token.name)) {
      throw unusable(
        args[token.index]?.split("=", 1)[0] ?? "",
        "is not a flag: --help lists those there are",
      );
    }
    if (!switches.includes(token.name) && (token.value ?? "") === "") {
      throw unusable(token.rawName, "must be followed by a value");
    }
    found.set(token.name, token.value ?? "");
  }
  return found;
}
