import type { Report } from "./base/report.ts";
import { unfailing } from "./base/unfailing.ts";

/** What the library takes from the machine. Tests pass their own and turn the clock instead of sleeping. */
export interface Platform {
  /** The current time, in milliseconds since 1970 (UTC). */
  readonly now: () => number;
  /** `length` unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Resolves after `ms` milliseconds. `background`: does not keep the process alive. */
  readonly sleep: (ms: number, background?: boolean) => Promise<void>;
  /** Asks the network. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Where warnings of the configuration go. */
  readonly log: Log;
}

/** A place for warnings of the configuration: `console` is one. */
export interface Log {
  /** Something works, and is probably not meant so. */
  readonly warn: (message: string, fields?: object) => void;
}

/** The machine itself. The only place that asks it for time, chance, timers, the network or the console. */
export const machine: Platform = {
  now: () => Date.now(),
  random: portions((portion) => void crypto.getRandomValues(portion), Date.now),
  sleep: (ms, background = false) =>
    new Promise((resolve) => {
      const timer: unknown = setTimeout(resolve, ms);
      if (background) unref(timer);
    }),
  fetch: (input, init) => fetch(input, init),
  log: {
    warn: (message, fields) => fields ? console.warn(message, fields) : console.warn(message),
  },
};

/** Chance drawn in portions, for to ask the machine takes many times as long as to cut a piece off. What was handed out is wiped, and what
 * is left is thrown away when it is a second old: of a machine that is copied while it sleeps, no two copies draw the same. */
export function portions(draw: (portion: Uint8Array) => void, now: () => number): Platform["random"] {
  const portion = new Uint8Array(1024);
  let used = portion.length;
  let drawnAt = 0;
  return (length) => {
    if (length > portion.length) {
      const bytes = new Uint8Array(length);
      draw(bytes);
      return bytes;
    }
    if (used + length > portion.length || Math.abs(now() - drawnAt) >= 1000) {
      draw(portion);
      [used, drawnAt] = [0, now()];
    }
    const bytes = portion.slice(used, used + length);
    portion.fill(0, used, used += length);
    return bytes;
  };
}

/** The machine, with the parts that were given in place of its own. `usual`: where warnings go if nothing else is said. */
export function platformOf(
  given: Partial<Platform> | undefined,
  report: Report,
  usual: Log = machine.log,
): Platform {
  const { log = usual, ...others } = report.object("platform", given, [...CALLED, "log"]);
  const parts = CALLED.filter((name) => others[name] !== undefined).map((name) =>
    [name, others[name]] as const
  );
  for (const [name, part] of parts) {
    if (typeof part !== "function") report.add(`platform.${name}`, "must be a function");
  }
  if (typeof log?.warn !== "function") {
    report.add("platform.log", "must have the function warn, as console has");
  }
  return {
    ...machine,
    ...Object.fromEntries(parts),
    log: { warn: (...said) => void unfailing(() => log.warn(...said)) },
  };
}

const CALLED = ["now", "random", "sleep", "fetch"] as const;

/** Node and Bun give timers a method, Deno numbers them. */
function unref(timer: unknown): void {
  const runtime: { readonly Deno?: { unrefTimer(id: number): void } } = globalThis as object;
  if (typeof timer === "number") runtime.Deno?.unrefTimer(timer);
  else if (
    typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function"
  ) {
    timer.unref();
  }
}
