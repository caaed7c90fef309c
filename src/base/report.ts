import { AuthError, type Issue } from "../errors.ts";
import { seconds } from "./duration.ts";

/** Collects what is wrong with a configuration, so that all of it can be said at once. */
export interface Report {
  /** Notes that the option at `path` is wrong; `message` says what would be right. */
  readonly add: (path: string, message: string) => void;
  /** An object of options with no member besides those named; anything else is noted, and read as if nothing were set. */
  readonly object: <T extends object>(
    path: string,
    value: T | undefined,
    members: readonly (keyof T & string)[],
  ) => Partial<T>;
  /** A duration of `min` to `max` seconds. */
  readonly duration: (path: string, value: unknown, range: Range) => number;
  /** A whole number from `min` to `max`. */
  readonly integer: (path: string, value: unknown, range: Range) => number;
  /** True or false. */
  readonly flag: (path: string, value: unknown, fallback: boolean) => boolean;
  /** One of a few words. */
  readonly word: <T extends string>(path: string, value: unknown, words: readonly T[], fallback: T) => T;
  /** Ends the report.
   * @throws {AuthError} `config_invalid` with everything that was noted, if anything was */
  readonly settle: () => void;
}

/** What a number may be, and what it is where nothing was said. */
export interface Range {
  /** The least. */
  readonly min: number;
  /** The most. */
  readonly max: number;
  /** What it is where nothing was said. */
  readonly fallback: number;
}

/** An empty report. */
export function report(): Report {
  const issues: Issue[] = [];
  const add = (path: string, message: string) => void issues.push({ path, message });
  /** `fallback` where nothing was said, and where what was said is noted as wrong: the report is not going to settle. */
  function or<T>(
    value: unknown,
    fallback: T,
    right: (value: unknown) => T | null,
    path: string,
    message: string,
  ): T {
    if (value === undefined) return fallback;
    const found = right(value);
    if (found === null) add(path, `${message}: it is ${shown(value)}`);
    return found === null ? fallback : found;
  }
  return {
    add,
    object<T extends object>(
      path: string,
      value: T | undefined,
      members: readonly (keyof T & string)[],
    ) {
      if (value === undefined) return {};
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        add(path, `must be an object: it is ${shown(value)}`);
        return {};
      }
      for (const key of Object.keys(value)) {
        if (members.some((member) => member === key)) continue;
        const known = members.toSorted().join(", ");
        add(path === "" ? key : `${path}.${key}`, `is not an option. There are: ${known}`);
      }
      return value;
    },
    duration: (path, value, { min, max, fallback }) => {
      const right = (given: unknown) => within(seconds(given), min, max);
      return or(
        value,
        fallback,
        right,
        path,
        `must be a duration like "15m" or a number of seconds, ${span(min)} to ${span(max)}`,
      );
    },
    integer: (path, value, { min, max, fallback }) => {
      const right = (given: unknown) => within(Number.isInteger(given) ? Number(given) : null, min, max);
      return or(value, fallback, right, path, `must be a whole number from ${min} to ${max}`);
    },
    flag: (path, value, fallback) =>
      or(
        value,
        fallback,
        (given) => typeof given === "boolean" ? given : null,
        path,
        "must be true or false",
      ),
    word: (path, value, words, fallback) => {
      const right = (given: unknown) => words.find((word) => word === given) ?? null;
      return or(value, fallback, right, path, `must be ${words.map((word) => `"${word}"`).join(" or ")}`);
    },
    settle() {
      if (issues.length > 0) throw new AuthError("config_invalid", { issues });
    },
  };
}

function within(value: number | null, min: number, max: number): number | null {
  return value !== null && value >= min && value <= max ? value : null;
}

function span(seconds: number): string {
  for (const [unit, length] of [["d", 86_400], ["h", 3600], ["m", 60]] as const) {
    if (seconds >= length && seconds % length === 0) return `${seconds / length}${unit}`;
  }
  return `${seconds}s`;
}

/** What was given, in few characters. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
