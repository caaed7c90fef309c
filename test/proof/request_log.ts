// What a log of requests says of each session, each challenge and each address: when it was for sure, and when it may have been.
import type { Request, Requested } from "./requests.ts";

/** A session that somebody was granted. */
export interface Life {
  readonly user: string;
  readonly session: string;
  readonly granted: Requested<"verify">;
  /** What asked for the code that it was granted for. */
  readonly started: Requested<"start"> | undefined;
  /** Whatever was done with it, or to it, or may have been. */
  readonly requests: readonly Request[];
  /** By when it had ended for sure; Infinity: it may live. */
  readonly over: number;
}

/** All that was noted, in the order of asking, and what it is about. */
export interface Log {
  readonly requests: readonly Request[];
  readonly lives: readonly Life[];
  readonly challenges: ReadonlyMap<string, readonly About<"challenge">[]>;
  readonly addresses: ReadonlyMap<string, readonly Owner[]>;
  readonly users: ReadonlyMap<string, readonly Request[]>;
}

/** Those requests that say which one they are about. */
export type About<M extends string> = Extract<Request, Readonly<Record<M, unknown>>>;

/** An account that had an address: the moments at which it lived. */
export interface Owner {
  readonly user: string;
  readonly seen: readonly Pick<Request, "asked" | "answered">[];
}

/** Sorts out what was noted. */
export function readLog(noted: readonly Request[]): Log {
  const requests = noted.toSorted((a, b) => a.asked - b.asked);
  const challenges = Map.groupBy(requests.filter(has("challenge")), ({ challenge }) => String(challenge));
  const ofUsers = requests.filter(has("user"));
  const users = Map.groupBy<string, Request>(
    [...ofUsers, ...requests.filter(isGrant)],
    userOf,
  );
  const ofSessions = Map.groupBy(requests.filter(has("session")), ({ session }) => session);
  const lives = requests.filter(isGrant).map((granted): Life => {
    const { user, session } = granted.got;
    const about = [...users.get(user) ?? []].filter((one) => !("session" in one));
    const mine = [...ofSessions.get(session) ?? [], ...about];
    const started = challenges.get(granted.challenge)?.find((one) => one.did === "start");
    const life = { user, session, granted, started, requests: mine };
    return {
      ...life,
      over: Math.min(Infinity, ...mine.filter((one) => ends(one, life)).map((one) => one.answered)),
    };
  });
  return { requests, lives, challenges, addresses: ownersIn(requests), users };
}

/** Whether a request can have ended a session, whatever it answered. */
export function mayEnd(one: Request, { granted }: Pick<Life, "granted">): boolean {
  const isEnd = (one.did === "end" && one.code === null) || one.did === "endAll" || one.did === "remove" ||
    (one.did === "refresh" && one.code !== null && !isToldOver(one));
  return isEnd && one.answered > granted.asked;
}

/** Whether a request was refused because its session had ended. */
export function isToldOver({ did, code }: Request): boolean {
  return code === "session_ended" || (did === "end" && code === "not_found");
}

/** Whether a session is over for sure when a request about it, or about its account, is answered. */
function ends(one: Request, { granted, started }: Pick<Life, "granted" | "started">): boolean {
  if (isToldOver(one) || one.code === "refresh_reused") return true; // once told, for ever
  if (one.code !== null) return false;
  if (one.did === "end" || one.did === "remove") return true; // no account comes back
  if (one.did !== "endAll") return false;
  return granted.answered < one.asked || (started !== undefined && started.answered < one.asked);
}

/** A verify that got in. */
export type Granting = Requested<"verify"> & { readonly got: NonNullable<Requested<"verify">["got"]> };

export function isGrant(one: Request): one is Granting {
  return one.did === "verify" && one.got !== null;
}

/** Whose account a request is about; "" where it is about none. */
function userOf(one: Request): string {
  if (one.did === "verify") return one.got?.user ?? "";
  return "user" in one ? one.user ?? "" : "";
}

function has<M extends string>(member: M): (one: Request) => one is About<M> {
  return (one): one is About<M> =>
    member in one && (one as Readonly<Record<string, unknown>>)[member] !== null;
}

function ownersIn(requests: readonly Request[]): ReadonlyMap<string, readonly Owner[]> {
  const emails = new Map<string, string>(); // by account
  for (const one of requests) {
    if (one.did === "verify" && one.got !== null) emails.set(one.got.user, one.email);
    if (one.did === "find" && one.user !== null) emails.set(one.user, one.email);
  }
  const seen = Map.groupBy(requests.filter(({ code }) => code === null), (one) => {
    if (one.did === "verify") return one.got?.user;
    return one.did === "find" || one.did === "check" || one.did === "update"
      ? one.user ?? undefined
      : undefined;
  });
  const owners = [...emails].map(([user, email]) => ({ user, email, seen: seen.get(user) ?? [] }));
  return Map.groupBy(owners, ({ email }) => email);
}
