// The keys of a store stay what they are: the rules of the two records that hold them.
import type { History } from "./history.ts";
import type { ClaimKey, Contents } from "./state.ts";

/** As much of what happened as these rules look at. */
export interface Kept extends History {
  readonly start: Contents;
  readonly claimKey: ClaimKey | null;
}

/** A signing key, as far as the rules speak of it. */
interface StoredKey {
  readonly kid: string;
  readonly alg: string;
  readonly state: "standby" | "current" | "retired";
  readonly createdAt: number;
  readonly since?: number;
  readonly until?: number;
  readonly public: object | null;
}

/** Each by what it says. */
export const KEYS: Readonly<Record<string, (kept: Kept) => readonly string[]>> = {
  "the lookup key is made once: whatever is written there later opens to the same key": (
    { writes, claimKey },
  ) =>
    writes.filter(({ key, after }) =>
      key === "lookup-key" && !(after !== null && claimKey?.texts.has(after) === true)
    ).map(({ after }) => after === null ? "it was removed" : "it is another one"),
  "signing keys are made once: none goes, or becomes another one, before it has expired or was revoked": (
    { start, writes },
  ) => {
    let before = keysIn(start.get("signing-keys"));
    return writes.filter(({ key }) => key === "signing-keys").flatMap(({ after, now, call }) => {
      const next = keysIn(after);
      const isRevoked = call?.name === "signingKeys.rotate" && call.input["revoke"] === true;
      const all = before;
      before = next;
      return all.filter((key) => !isKept(key, next) && !isRevoked && !isOver(key, all, now))
        .map(({ kid, state }) => `${kid}, ${state}`);
    });
  },
};

function keysIn(text: string | null | undefined): readonly StoredKey[] {
  return text === null || text === undefined ? [] : JSON.parse(text).keys;
}

function isKept({ kid, public: open }: StoredKey, keys: readonly StoredKey[]): boolean {
  const same = keys.find((key) => key.kid === kid);
  return same !== undefined && JSON.stringify(same.public) === JSON.stringify(open);
}

/** Whether nothing that a key signed is of any use: it has retired, or nobody has turned the keys of its algorithm for so long that
 * nobody signs by them any more, or it stands by where no key of its algorithm signs. */
function isOver({ alg, state, until }: StoredKey, all: readonly StoredKey[], now: number): boolean {
  if (state === "retired") return until !== undefined && until <= now;
  const current = all.find((key) => key.alg === alg && key.state === "current");
  return current === undefined || now - (current.since ?? current.createdAt) >= LONG_AGO;
}

const LONG_AGO = 3_600_000; // ms: no keys turn more often
