// Histories that are made up: who called what, and what was written meanwhile.
import type { By, Call, History, Write } from "./history.ts";
import type { ClaimKey, StoredAccount } from "./state.ts";

/** Whoever tells one. */
export interface Teller {
  /** A call, and what is done while it is under way. */
  readonly call: (
    name: string,
    said?: { readonly input?: Call["input"]; readonly result?: unknown; readonly by?: By },
    meanwhile?: () => void,
  ) => void;
  /** Writes for the call that is under way, or for none. */
  readonly write: (key: string, after: object | string | null) => void;
}

/** What is told, as a history. */
export function told(tell: (teller: Teller) => void): History {
  const [calls, writes]: [Call[], Write[]] = [[], []];
  const contents = new Map<string, string | null>();
  let order = 0;
  let current: Call | null = null;
  tell({
    call(name, { input = {}, result, by } = {}, meanwhile = () => {}) {
      const call: Call = { name, input, by: by ?? null, begun: order++, ended: null };
      calls.push(call);
      current = call;
      meanwhile();
      current = null;
      call.result = result;
      call.ended = order++;
    },
    write(key, given) {
      const after = typeof given === "object" && given !== null ? JSON.stringify(given) : given;
      const before = contents.get(key) ?? null;
      contents.set(key, after);
      writes.push({ key, before, after, exp: Infinity, call: current, order: order++, now: 0 });
    },
  });
  return { calls, writes };
}

export const ADA = "ada@example.com";
export const EVE = "eve@example.com";
export const U: string = "u".repeat(26);
export const V: string = "v".repeat(26);
export const S: string = "s".repeat(26);
export const T: string = "t".repeat(26);

/** What a lookup key looks like in these stories. */
export const KEY = "the lookup key, sealed";

/** How values are named in them. */
export const named: ClaimKey = Object.assign(
  (type: string, value: string) => `identifiers:${type} ${value}`,
  {
    texts: new Set([KEY]),
  },
);

/** An account that lists Ada's address and a session, unless it is said otherwise. */
export function account(over: Partial<StoredAccount> = {}): StoredAccount {
  const identifiers = [{ type: "email", value: ADA, proven: true }];
  return { state: "account", name: null, identifiers, epoch: 0, sessions: [entry(S)], ...over };
}

export function entry(sid: string): StoredAccount["sessions"][number] {
  return { sid, at: 0, exp: 1000 };
}

export function challenge(subject: string, uid: string | null, epoch: number): object {
  return { subject, noted: { uid, epoch } };
}

/** What tells of a session. */
export function grant(uid: string, sid: string): object {
  return { user: { id: uid }, session: { id: sid } };
}

/** A sign-in with a challenge by which an account becomes another. */
export function signIn({ call, write }: Teller, id: string, sid: string, after: StoredAccount): void {
  call("emailOtp.verify", { input: { challengeId: id }, result: grant(U, sid) }, () => {
    write(`challenges:${id}`, null);
    write(`users:${U}`, after);
    write(`sessions:${U}:${sid}`, { family: { generation: 0 } });
  });
}

/** Ada's sign-up in an empty store, without a fault. */
export function signUp(teller: Teller): void {
  const { call, write } = teller;
  call("ready", {}, () => {
    write("lookup-key", KEY);
    write("signing-keys", signing("one", "two"));
  });
  call("emailOtp.start", {}, () => write("challenges:1", challenge(ADA, null, 0)));
  call("emailOtp.verify", { input: { challengeId: "1" }, result: grant(U, S) }, () => {
    write("challenges:1", null);
    write(`users:${U}`, { state: "draft", reserving: { op: "first", at: 0 } });
    write(named("email", ADA), { uid: U, op: "first" });
    write(`users:${U}`, account());
    write(`sessions:${U}:${S}`, { family: { generation: 0 } });
  });
}

/** A record of signing keys: the first one signs. */
export function signing(...kids: readonly string[]): object {
  return {
    keys: kids.map((kid, i) => ({
      kid,
      alg: "EdDSA",
      state: i === 0 ? "current" : "standby",
      createdAt: 0,
      public: { x: kid },
    })),
  };
}
