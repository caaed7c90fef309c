import type { Endpoint } from "../endpoint.ts";
import { AuthError } from "../errors.ts";

/** What a request's method and path lead to. */
export interface Match {
  readonly endpoint: Endpoint;
  /** What the path says of the input: `/sessions/:id` → `{ id }`. */
  readonly params: Readonly<Record<string, string>>;
}

/** Knows where paths lead. */
export interface Router {
  /** The endpoint of a method and a path. @throws {AuthError} `not_found`, `method_not_allowed` */
  readonly find: (method: string, path: string) => Match;
  /** The methods that a path answers. @throws {AuthError} `not_found` */
  readonly methods: (path: string) => readonly string[];
}

interface Pattern {
  readonly method: string;
  readonly segments: readonly string[];
  /** Whether some of them stand for whatever is there. */
  readonly varies: boolean;
  readonly endpoint: Endpoint;
}

/** Paths are compared once and literally, before anything is decoded: `//x`, `%2f`, another case, a slash at the end are other
 * paths, so nothing that stands in front of this can be walked around. */
export function router(endpoints: readonly Endpoint[], basePath: string): Router {
  const patterns = endpoints.map((endpoint): Pattern => {
    const [method = "", path = ""] = endpoint.call.split(" ");
    const segments = ((endpoint.route.atRoot ? "" : basePath) + path).split("/");
    return { method, segments, varies: segments.some(isNamed), endpoint };
  });
  const sought = (segments: readonly string[]) => patterns.filter((one) => matches(one.segments, segments));
  /** What was found at paths without a part that varies: there are not many, and a cold process is asked for one of them. */
  const known = new Map<string, readonly Pattern[]>();

  function at(path: string): readonly Pattern[] {
    const before = known.get(path);
    if (before !== undefined) return before;
    const matching = sought(path.split("/"));
    if (matching.length === 0) throw new AuthError("not_found");
    if (matching.some(({ varies }) => !varies)) known.set(path, matching);
    return matching;
  }

  return {
    find(method, path) {
      const matching = at(path);
      const found = matching.find((pattern) => pattern.method === method);
      if (found === undefined) throw new AuthError("method_not_allowed", { allow: methodsOf(matching) });
      if (!found.varies) return { endpoint: found.endpoint, params: {} };
      const segments = path.split("/");
      const named = found.segments.flatMap((name, i) =>
        isNamed(name) ? [[name.slice(1), segments[i] ?? ""]] : []
      );
      return { endpoint: found.endpoint, params: Object.fromEntries(named) };
    },
    methods: (path) => methodsOf(at(path)),
  };
}

function methodsOf(patterns: readonly Pattern[]): readonly string[] {
  return patterns.flatMap(({ method }) => method === "GET" ? ["GET", "HEAD"] : [method]);
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.length === segments.length &&
    pattern.every((name, i) =>
      isNamed(name) ? /^[A-Za-z0-9_-]{1,200}$/.test(segments[i] ?? "") : name === segments[i]
    );
}

/** Whether a segment of a pattern stands for whatever is there. */
function isNamed(segment: string): boolean {
  return segment.startsWith(":");
}

/** The path of a URL as it was sent: not parsed, not decoded. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** What a query says of `members`; of others nothing is read. One that is said twice is a list, and so no text. */
export function queryOf(url: string, members: readonly string[]): object {
  const start = url.indexOf("?");
  if (start < 0 || members.length === 0) return {};
  const [query = ""] = url.slice(start + 1).split("#");
  const said = new URLSearchParams(query);
  return Object.fromEntries(members.flatMap((name) => {
    const [value, ...more] = said.getAll(name);
    return value === undefined ? [] : [[name, more.length === 0 ? value : [value, ...more]]];
  }));
}
