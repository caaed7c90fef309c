import { AuthError } from "../src/errors.ts";
import type { Driver } from "../src/store/driver.ts";

export type { Driver, MaybePromise, WriteOptions } from "../src/store/driver.ts";

/** A way of keeping things that a url can name. */
interface Scheme {
  /** How it is written, for people. */
  readonly form: string;
  /** What is wrong with what follows the scheme, or null. */
  readonly problemOf: (rest: string) => string | null;
  readonly open: (rest: string, url: string) => Promise<Driver>;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  sqlite: {
    form: "sqlite:PATH",
    problemOf: (rest) => pathProblem("sqlite:", "a file", rest),
    open: async (path) => (await import("./sqlite.ts")).default({ path }),
  },
  fs: {
    form: "fs:FOLDER",
    problemOf: (rest) => pathProblem("fs:", "a folder", rest),
    open: async (base) => (await import("./fs.ts")).default({ base }),
  },
  redis: redis("redis"),
  rediss: redis("rediss"), // TLS
  memory: {
    form: "memory:",
    problemOf: (rest) => rest === "" ? null : 'must be "memory:" with nothing after it',
    open: async () => (await import("./memory.ts")).default(),
  },
  "deno-kv": {
    form: "deno-kv:[PATH or URL]",
    problemOf: (rest) => rest === "" ? null : pathProblem("deno-kv:", "a file or a URL", rest),
    open: async (path) => (await import("./deno_kv.ts")).default(path === "" ? {} : { path }),
  },
};

/** What {@link open} takes, for people.
 * @internal for the help of the stand-alone server */
export const FORMS: string = Object.values(SCHEMES).map(({ form }) => form).join(", ").replace(
  /, ([^,]*)$/,
  " or $1",
);

/** Opens the store that a url names: `sqlite:PATH`, `fs:FOLDER`, `redis://…`, `rediss://…`, `memory:`, `deno-kv:` with a file, a URL
 * or nothing after it. Its driver is loaded when it is opened. What else a driver may be told does not fit in a url: call the
 * driver for that.
 * @throws {AuthError} `config_invalid` for a url that names none of these, and what its driver throws
 * @example Usage
 * ```ts
 * import open from "@latchkey/auth/drivers/open";
 *
 * const driver = await open("memory:");
 * await driver.swap("greeting", null, "hello", { ttl: 60 }); // true: nothing was there
 * await driver.dispose();
 * ``` */
export default async function open(url: string): Promise<Driver> {
  const message = problemOf(url);
  if (message !== null) throw invalid([message]);
  const [scheme, rest] = partsOf(url);
  try {
    return await SCHEMES[scheme]!.open(rest, url); // problemOf has looked it up
  } catch (error) {
    const { issues = [] } = error instanceof AuthError && error.code === "config_invalid"
      ? error.details ?? {}
      : {};
    throw issues.length > 0 ? invalid(issues.map((issue) => issue.message), error) : error; // it was the url that was given
  }
}

/** What is wrong with a url, in words that say nothing of its password; null where it names a store.
 * @internal for the options of the stand-alone server */
export function problemOf(url: unknown): string | null {
  if (typeof url !== "string" || url === "") return `must be ${FORMS}`;
  const [scheme, rest] = partsOf(url);
  if (scheme === "file" || scheme === "") {
    return 'must say what it is: "sqlite:PATH" for one file, "fs:FOLDER" for a folder of files';
  }
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (known === undefined) return `must be ${FORMS}: there is no "${scheme}:"`;
  if (url.includes("?")) return `must be ${known.form}, without options: those are for the driver itself`;
  return known.problemOf(rest);
}

/** What comes before the first `:`, if it can be a scheme, and what comes after it. */
function partsOf(url: string): readonly [scheme: string, rest: string] {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  return [scheme, rest];
}

function pathProblem(scheme: string, what: string, path: string): string | null {
  if (path === "" || path.includes("\0")) return `must name ${what} after "${scheme}"`;
  // What sqlite://auth.db means in other programs is /auth.db here: nobody means that.
  return path.startsWith("//") ? `must name ${what} after "${scheme}", without //` : null;
}

function redis(scheme: "redis" | "rediss"): Scheme {
  const form = `${scheme}://HOST:PORT`;
  return {
    form,
    problemOf: (rest) =>
      rest.startsWith("//") && URL.parse(`${scheme}:${rest}`)?.hostname ? null : `must be like ${form}`,
    open: async (_, url) => (await import("./redis.ts")).default({ url }),
  };
}

function invalid(messages: readonly string[], cause?: unknown): AuthError {
  const issues = messages.map((message) => ({ path: "url", message }));
  return new AuthError("config_invalid", { issues }, { cause });
}
