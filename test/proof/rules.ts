// The rules of the store, held against what happened. Each is one sentence and one function; nothing in here knows how the library
// keeps them.
import { CREDENTIALS } from "./credential_rules.ts";
import type { Call, History, Write } from "./history.ts";
import { PASSWORDS } from "./password_rules.ts";
import {
  accountOf,
  type ClaimKey,
  claimOf,
  type Contents,
  isClaim,
  isUser,
  recordOf,
  reservingOf,
  type StoredAccount,
  wrongWith,
} from "./state.ts";
import { KEYS } from "./stored_keys.ts";
import { TOLD } from "./told.ts";

/** What was read out of a history for the rules. */
export interface Story extends History {
  readonly claimKey: ClaimKey | null;
  /** When each session ended, by `uid:sid`: the write that no longer lists it. */
  readonly ends: ReadonlyMap<string, Write>;
  /** When each session began: the write that lists it. */
  readonly starts: ReadonlyMap<string, Write>;
  /** What stood in the store at first. */
  readonly start: Contents;
  /** What stands in it now. */
  readonly contents: Contents;
}

/** What is wrong with a story, as sentences; empty, if nothing is. */
type Rule = (story: Story) => readonly string[];

/** Every rule, by what it says. */
export const RULES: Readonly<Record<string, Rule>> = {
  "in every state a value is listed by one account at most, and whoever lists it has its claim": everyState,
  "nothing is listed but in three steps: reserved, claimed, and committed by the reservation that claimed it":
    listing,
  "an ended session is never listed again": ({ starts, ends, writes }) =>
    changes(writes).flatMap(({ write, uid, now }) =>
      (now?.sessions ?? []).filter(({ sid }) => {
        const end = ends.get(`${uid}:${sid}`);
        return end !== undefined && end.order < write.order && starts.has(`${uid}:${sid}`);
      }).map(({ sid }) => `session ${sid}`)
    ),
  "a removed account never comes back": ({ writes }) => {
    const gone = new Set<string>();
    return changes(writes).flatMap(({ uid, was, now }) => {
      if (was !== null && now === null) gone.add(uid);
      return now !== null && gone.has(uid) ? [`account ${uid}`] : [];
    });
  },
  "a draft becomes an account or goes, and nothing else": ({ writes }) =>
    changes(writes).filter(({ write, was, now }) =>
      write.before !== null && was === null && write.after !== null && now === null
    ).map(({ uid }) => `draft ${uid}`),
  "an epoch never falls, and it rises when a value is no longer listed or all sessions are ended": epochs,
  "whoever proves an address that is listed unproven takes the account over in one swap, and nothing of its maker's stays":
    takeOvers,
  "a session is listed only if nothing was revoked since its proof was begun": proofs,
  "whoever proves a value is let into the account that lists it, to which its claim leads": letIn,
  "a value is added only if nothing was revoked since its proof was judged": provenValues,
  "what is done on a session's authority is done only while that session is listed": acting,
  "whoever asks after a session has ended is not let in by it": ({ calls, ends }) =>
    calls.flatMap((call) => {
      const told = sessionIn(call);
      const end = told === null ? undefined : ends.get(told);
      return end !== undefined && end.order < call.begun ? [`${call.name} answers with ${told}`] : [];
    }),
  "a refresh whose swap came after the end of its session gives no token": ({ writes, ends }) =>
    writes.flatMap((write) => {
      const id = write.key.startsWith("sessions:") ? write.key.slice("sessions:".length) : null;
      const end = id === null ? undefined : ends.get(id);
      const late = end !== undefined && end.order < write.order && write.before !== null &&
        write.after !== null;
      return late && Object(write.call?.result).refreshToken !== undefined ? [`session ${id}`] : [];
    }),
  "a sign-in that was answered lives until somebody ends it": answered,
  "a challenge is answered once": ({ calls }) => {
    const answers = calls.filter(({ name, input, result }) => {
      const hasAdded = ADDS.test(name) && Object(result).id !== undefined;
      const hasLetIn = input["challengeId"] !== undefined && Object(Object(result).session).id !== undefined;
      return hasAdded || hasLetIn;
    });
    const ids = answers.map(({ input }) => input["challengeId"]);
    return twice(ids).map((id) => `challenge ${id}`);
  },
  "a link is followed once": ({ calls }) => {
    const followed = calls.filter(({ name, code, ended }) =>
      name === "magicLink.verify" && code === undefined && ended !== null
    );
    return twice(followed.map(({ input }) => input["token"])).map(() => "a link");
  },
  ...CREDENTIALS,
  ...PASSWORDS,
  ...TOLD,
  ...KEYS,
};

/** The sentences that a history breaks, each with what breaks it. `start`: what stood in the store before. */
export function broken(
  history: History,
  claimKey: ClaimKey | null,
  start: Contents = new Map(),
): readonly string[] {
  const story = storyOf(history, claimKey, start);
  return Object.entries(RULES).flatMap(([sentence, rule]) =>
    [...new Set(rule(story))].map((what) => `${sentence}: ${what}`)
  );
}

/** What stands in a list more than once. */
function twice(list: readonly unknown[]): readonly unknown[] {
  return list.filter((one, i) => list.indexOf(one) !== i);
}

function storyOf({ calls, writes }: History, claimKey: ClaimKey | null, start: Contents): Story {
  const contents = walked(start, writes, () => {});
  return { calls, writes, claimKey, ...lives(writes), start, contents };
}

/** When each session began and ended. */
export function lives(writes: readonly Write[]): Pick<Story, "starts" | "ends"> {
  const ends = new Map<string, Write>();
  const starts = new Map<string, Write>();
  for (const { write, uid, was, now } of changes(writes)) {
    const listed = new Set(now?.sessions.map(({ sid }) => sid));
    const listedBefore = new Set(was?.sessions.map(({ sid }) => sid));
    for (const sid of listed) {
      if (!listedBefore.has(sid) && !starts.has(`${uid}:${sid}`)) starts.set(`${uid}:${sid}`, write);
    }
    for (const sid of listedBefore) {
      if (!listed.has(sid) && !ends.has(`${uid}:${sid}`)) ends.set(`${uid}:${sid}`, write);
    }
  }
  return { starts, ends };
}

/** Goes through all states of a store: `look` sees each write, and what stood there right before it. Answers the last state. */
export function walked(
  start: Contents,
  writes: readonly Write[],
  look: (write: Write, before: Contents) => void,
): Contents {
  const contents = new Map(start);
  for (const write of writes) {
    look(write, contents);
    if (write.after === null) contents.delete(write.key);
    else contents.set(write.key, write.after);
  }
  return contents;
}

/** A write of an account. */
interface Change {
  readonly write: Write;
  readonly uid: string;
  readonly was: StoredAccount | null;
  readonly now: StoredAccount | null;
}

function changes(writes: readonly Write[]): readonly Change[] {
  return writes.filter(({ key }) => isUser(key)).map((write) => ({
    write,
    uid: write.key.slice("users:".length),
    was: accountOf(write.before),
    now: accountOf(write.after),
  }));
}

function everyState({ start, writes, claimKey, contents }: Story): readonly string[] {
  const wrong: string[] = [];
  walked(start, writes, ({ key }, before) => {
    if (isUser(key) || isClaim(key)) wrong.push(...wrongWith(before, claimKey));
  });
  return [...wrong, ...wrongWith(contents, claimKey)];
}

function listing({ start, writes, claimKey }: Story): readonly string[] {
  const wrong: string[] = [];
  walked(start, writes, (write, state) => {
    const [change] = changes([write]);
    if (change === undefined || claimKey === null) return;
    const had = new Set(change.was?.identifiers.map(({ type, value }) => `${type} ${value}`));
    const op = reservingOf(write.before)?.op;
    for (const { type, value } of change.now?.identifiers ?? []) {
      const name = `${type} ${value}`;
      if (had.has(name)) continue;
      if (op === undefined) wrong.push(`${name} was not reserved`);
      else if (claimOf(state.get(claimKey(type, value)))?.op !== op) {
        wrong.push(`${name} was claimed by another`);
      }
    }
  });
  return wrong;
}

function epochs({ writes }: Story): readonly string[] {
  return changes(writes).flatMap(({ write, uid, was, now }) => {
    if (was === null || now === null) return [];
    if (now.epoch < was.epoch) return [`account ${uid}: it fell`];
    const lost = was.identifiers.some((one) => !now.identifiers.some((two) => two.value === one.value));
    const all = write.call?.name === "sessions.endAll";
    return (lost || all) && now.epoch === was.epoch ? [`account ${uid}: it did not rise`] : [];
  });
}

/** What whoever takes an account over brings along, by how they do. */
const BRINGS: Readonly<Record<string, readonly string[]>> = {
  "password.finishReset": ["password"],
  "password.verifySignUp": ["password", "name", "fields"],
};

function takeOvers({ writes }: Story): readonly string[] {
  return changes(writes).flatMap(({ write, uid, was, now }) => {
    if (was === null || now === null) return [];
    const brought = BRINGS[write.call?.name ?? ""] ?? [];
    const taken = was.identifiers.find(({ proven, type, value }) =>
      !proven && now.identifiers.some((one) => one.type === type && one.value === value && one.proven)
    );
    if (taken === undefined) return [];
    const kept = was.sessions.filter(({ sid }) => now.sessions.some((one) => one.sid === sid));
    const stays = [
      now.identifiers.length === 1 ? "" : "other values",
      kept.length === 0 ? "" : "sessions",
      now.name === null || brought.includes("name") ? "" : "a name",
      now.fields === undefined || brought.includes("fields") ? "" : "fields",
      Object.keys(now.slots ?? {}).every((slot) => brought.includes(slot)) ? "" : "what features keep",
      now.epoch > was.epoch ? "" : "the epoch",
    ].filter((one) => one !== "");
    return stays.map((one) => `account ${uid}: ${one}`);
  });
}

/** A sign-in uses up a challenge, which notes the account as it was when it was begun; then it lists a session. What a signature answers
 * notes nobody: whose it is, the answer says, and the account counts as it was when the challenge was used up. */
function provenBy(writes: readonly Write[], change: Change): Proof | null {
  const { write, uid, was, now } = change;
  const begins = now?.sessions.some(({ sid }) => was?.sessions.some((one) => one.sid === sid) !== true);
  const used = usedBy(writes, write);
  if (begins !== true || used === null) return null;
  const { purpose, subject, noted }: Proof & { readonly purpose: string } = JSON.parse(used.before);
  if (purpose !== "passkey.signIn" && purpose !== "key.signIn") return { subject, noted };
  const { credential } = Object(write.call?.input) as { readonly credential?: { readonly id: string } };
  const shown = credential === undefined ? `key:${subject}` : `passkey:${credential.id}`;
  return { subject: shown, noted: { uid, epoch: epochAt(writes, change, used.order) } };
}

/** The challenge that a call used up before it wrote something. */
function usedBy(
  writes: readonly Write[],
  { call, order }: Write,
): Write & { readonly before: string } | null {
  const used = writes.find((one) =>
    one.call !== null && one.call === call && one.key.startsWith("challenges:") &&
    one.after === null && one.before !== null && one.order < order
  );
  return used === undefined ? null : { ...used, before: String(used.before) };
}

/** What the epoch of an account was at a moment before a change of it. */
function epochAt(writes: readonly Write[], { write: { key }, was }: Change, moment: number): number {
  const next = writes.find((write) => write.key === key && write.order > moment);
  return accountOf(next?.before ?? null)?.epoch ?? was?.epoch ?? -1;
}

/** What a challenge says of what it proves. */
interface Proof {
  readonly subject: string;
  readonly noted: { readonly uid: string | null; readonly epoch: number };
}

/** How a challenge writes down a value. */
function subjectOf({ type, value }: StoredAccount["identifiers"][number]): string {
  return type === "email" ? value : `${type}:${value}`;
}

function letIn({ start, writes, claimKey }: Story): readonly string[] {
  const wrong: string[] = [];
  walked(start, writes, (write, state) => {
    for (const change of changes([write])) {
      const proof = provenBy(writes, change);
      if (proof === null) continue;
      const { uid, now } = change;
      const listed = now?.identifiers.find((one) => subjectOf(one) === proof.subject);
      if (listed === undefined) wrong.push(`account ${uid} does not list ${proof.subject}`);
      else if (
        claimKey !== null && claimOf(state.get(claimKey(listed.type, listed.value)))?.uid !== uid
      ) {
        wrong.push(`the claim of ${proof.subject} does not lead to account ${uid}`);
      }
    }
  });
  return wrong;
}

function proofs({ writes }: Story): readonly string[] {
  return changes(writes).flatMap((change) => {
    const proof = provenBy(writes, change);
    if (proof === null) return [];
    const { uid, was } = change;
    const { noted, subject } = proof;
    const unproven = was?.identifiers.some((one) => subjectOf(one) === subject && !one.proven) === true;
    const counts = noted.uid === null
      ? (was?.epoch ?? 0) === 0
      : noted.uid === uid && noted.epoch === was?.epoch;
    return counts || unproven ? [] : [`account ${uid}`];
  });
}

/** What is done on the authority of the session that it comes with. A sign-in only ends the one that it replaces, and a list strikes
 * off a session whose record never came, which is dead whoever looks. */
const ACTS =
  /^(sessions\.(end|endAll|signOut)|account\.(update|remove)|values\.\w+|password\.(change|verifyChange)|devices\.remove|(passkey|key)\.(startRegistration|finishRegistration|add|rename|remove))$/;

function acting({ writes }: Story): readonly string[] {
  return changes(writes).flatMap(({ write, uid, was }) => {
    const { name = "", by } = write.call ?? {};
    if (by?.userId !== uid || was === null || !ACTS.test(name)) return [];
    if (isGivenBack(write)) return []; // what was reserved, when the session that reserved it has ended
    return was.sessions.some(({ sid }) => sid === by.sessionId) ? [] : [`${name} by session ${by.sessionId}`];
  });
}

/** Whether a write ends a reservation, and does nothing else. */
function isGivenBack({ before, after }: Write): boolean {
  const [was, now] = [accountOf(before), accountOf(after)];
  return was?.reserving !== undefined && now !== null && now.reserving === undefined &&
    now.identifiers.length === was.identifiers.length;
}

/** Values are reserved, and listed, on what was noted of the account when they were proven; credentials, when the challenge was put. */
function provenValues({ writes }: Story): readonly string[] {
  return changes(writes).flatMap(({ write, uid, was }) => {
    const noted = notedBy(writes, write);
    if (noted === null || noted.uid !== uid || isGivenBack(write)) return [];
    return was?.epoch === noted.epoch ? [] : [`account ${uid}`];
  });
}

const ADDS = /^(passkey\.finishRegistration|key\.add)$/;

function notedBy(writes: readonly Write[], write: Write): Proof["noted"] | null {
  const { name = "", input = {} } = write.call ?? {};
  if (name === "values.add") {
    const { epoch = -1 } = Object(input["noted"]) as { readonly epoch?: number };
    return { uid: String(input["uid"]), epoch };
  }
  const used = ADDS.test(name) ? usedBy(writes, write) : null;
  return used === null ? null : (JSON.parse(used.before) as Proof).noted;
}

function answered({ calls, starts, ends, contents, writes }: Story): readonly string[] {
  return calls.flatMap((call) => {
    const told = sessionIn(call);
    const start = told === null ? undefined : starts.get(told);
    if (told === null || start === undefined || start.call !== call) return [];
    const [uid = "", sid = ""] = told.split(":");
    const end = ends.get(told);
    if (end !== undefined) return wasPruned(end, told, writes) ? [`${told} was struck off a list`] : [];
    const key = `users:${uid}`;
    const lives = accountOf(contents.get(key))?.sessions.some((one) => one.sid === sid) === true;
    const record = writes.findLast((write) => write.key === recordOf(key, sid));
    const stands = record !== undefined && (record.after !== null || expiryOf(record.before) <= record.now);
    return lives && stands ? [] : [`${call.name} told of ${told}, which is dead`];
  });
}

/** Until when a record stands. */
function expiryOf(text: string | null): number {
  return JSON.parse(text ?? "{}").exp ?? Infinity;
}

/** Whether somebody who only wanted to know which sessions there are took a session for one whose record never came. */
function wasPruned(end: Write, id: string, writes: readonly Write[]): boolean {
  if (end.call?.name !== "sessions.list") return false;
  const record = writes.findLast(({ key, after }) => key === `sessions:${id}` && after !== null);
  return record !== undefined && record.exp > end.now;
}

/** The session that an answer tells of, as `uid:sid`. */
export function sessionIn({ result }: Call): string | null {
  const { user, session } = Object(result) as { readonly user?: unknown; readonly session?: unknown };
  const [uid, sid] = [Object(user).id, Object(session).id];
  return typeof uid === "string" && typeof sid === "string" ? `${uid}:${sid}` : null;
}
