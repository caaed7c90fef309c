// What processes that hammer on a store note of each of their requests: `judge.ts` reads it.
import type { SessionMode } from "../../src/model.ts";

/** A request, when it was made, and what it was told. Times are in milliseconds of the machine's clock. */
export type Request = Noted & { readonly [D in keyof Facts]: { readonly did: D } & Facts[D] }[keyof Facts];

/** The requests of one kind. */
export type Requested<D extends keyof Facts> = Extract<Request, { readonly did: D }>;

interface Noted {
  readonly process: string;
  readonly asked: number;
  readonly answered: number;
  /** What it was refused with; null: it was done. */
  readonly code: string | null;
}

/** Whose session. */
interface Whose {
  readonly user: string;
  readonly session: string;
}

/** What is noted of each kind. What only an answer tells is null where it was refused. */
export interface Facts {
  readonly start: { readonly email: string; readonly challenge: string | null };
  readonly resend: { readonly email: string; readonly challenge: string };
  /** An answer to a challenge. `mailed`: when the mail with the code was asked for; null where the code is guessed. `left`: guesses. */
  readonly verify: {
    readonly email: string;
    readonly challenge: string;
    readonly mailed: number | null;
    readonly left: number | null;
    readonly got: Whose | null;
  };
  readonly check: Whose & { readonly by: SessionMode };
  /** `shown` is the generation of the token, `got` that of its successor, whose fingerprint is `token`. */
  readonly refresh: Whose & {
    readonly shown: number;
    readonly got: number | null;
    readonly token: string | null;
  };
  readonly end: Whose;
  readonly endAll: Pick<Whose, "user">;
  readonly remove: Pick<Whose, "user">;
  readonly list: Pick<Whose, "user"> & { readonly sessions: readonly string[] | null };
  /** Changes a name on the authority of a session. */
  readonly update: Whose;
  readonly find: { readonly email: string; readonly user: string | null };
  readonly rotate: { readonly revoke: boolean };
  readonly sweep: object;
}

/** Every kind of request, and whether two seconds are enough for some of it. */
export const KINDS: Readonly<Record<keyof Facts, "often" | "now and then">> = {
  start: "often",
  resend: "now and then",
  verify: "often",
  check: "often",
  refresh: "often",
  end: "now and then",
  endAll: "now and then",
  remove: "now and then",
  list: "now and then",
  update: "now and then",
  find: "now and then",
  rotate: "now and then",
  sweep: "now and then",
};

/** How many requests there were, and what came of them. */
export function sumsOf(log: readonly Request[]): Readonly<Record<string, number>> {
  const count = (is: (one: Request) => boolean) => log.filter(is).length;
  return {
    requests: log.length,
    grants: count(({ did, code }) => code === null && (did === "verify" || did === "refresh")),
    refusals: count(({ code }) => code !== null),
    ends: count(({ did, code }) => code === null && (did === "end" || did === "endAll" || did === "remove")),
  };
}
