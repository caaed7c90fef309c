import type { Report } from "./base/report.ts";

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
  /** Where warnings and failures go. */
  readonly log: Log;
}

/** A place for messages: `console` is one. */
export interface Log {
  /** Something works, and is probably not meant so. */
  readonly warn: (message: string, fields?: object) => void;
  /** Something failed. */
  readonly error: (message: string, fields?: object) => void;
}

/** The machine itself. The only place that asks it for time, chance, timers, the network or the console. */
export const machine: Platform = {
  now: () => Date.now(),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sleep: (ms, background = false) =>
    new Promise((resolve) => {
      const timer: unknown = setTimeout(resolve, ms);
      if (background) unref(timer);
    }),
  fetch: (input, init) => fetch(input, init),
  log: {
    warn: (message, fields) => fields ? console.warn(message, fields) : console.warn(message),
    error: (message, fields) => fields ? console.error(message, fields) : console.error(message),
  },
};

/** The machine, with the parts that were given in place of its own. */
export function platformOf(given: Partial<Platform> | undefined, report: Report): Platform {
  const { log = machine.log, ...others } = report.object("platform", given, [...CALLED, "log"]);
  const parts = CALLED.filter((name) => others[name] !== undefined).map((name) =>
    [name, others[name]] as const
  );
  for (const [name, part] of parts) {
    if (typeof part !== "function") report.add(`platform.${name}`, "must be a function");
  }
  if (typeof log?.warn !== "function" || typeof log.error !== "function") {
    report.add("platform.log", "must have the functions warn and error, as console has");
  }
  return { ...machine, ...Object.fromEntries(parts), log: unfailing(log) };
}

const CALLED = ["now", "random", "sleep", "fetch"] as const;

/** A log that cannot be written to fails nobody who is being served. */
function unfailing(log: Log): Log {
  const attempt = async (tell: () => void) => {
    try {
      await tell();
    } catch {
      // Nobody is left to tell.
    }
  };
  return {
    warn: (...said) => void attempt(() => log.warn(...said)),
    error: (...said) => void attempt(() => log.error(...said)),
  };
}

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
