// What was answered as done is done: the rules that hold answers against writes.
import { parseRefreshToken } from "../../src/crypto/token.ts";
import type { Call, History, Write } from "./history.ts";
import { accountOf, type Contents, isUser } from "./state.ts";

/** As much of what happened as these rules look at. */
export interface Account extends History {
  readonly start: Contents;
  /** The write that lists a session, and the one that no longer does, by `uid:sid`. */
  readonly starts: ReadonlyMap<string, Write>;
  readonly ends: ReadonlyMap<string, Write>;
}

/** Each by what it says. */
export const TOLD: Readonly<Record<string, (account: Account) => readonly string[]>> = {
  "whoever is told that sessions were ended finds none of them listed": (account) =>
    done(account).flatMap((call) => endedWrongly(account, call)),
  "whoever is told of a change of a user finds it in the account, where one swap made it": (account) =>
    done(account).filter(({ name }) => UPDATES.test(name)).flatMap((call) => changedWrongly(account, call)),
  "whoever is told that an account was removed has removed it": ({ calls, writes }) =>
    calls.filter(({ name, code, ended, result }) =>
      REMOVES.test(name) && code === undefined && ended !== null && Object(result).removed !== 0
    ).filter((call) =>
      !writes.some((write) => write.call === call && isUser(write.key) && write.after === null)
    )
      .map(({ name }) => name),
  "whoever is told that values were added finds all of them listed, and one swap did it": (account) =>
    done(account).filter(({ name, result }) => name === "values.add" && Object(result).is === "added")
      .flatMap((call) => addedWrongly(account, call)),
  "whoever is told that a value was removed has struck it off": ({ calls, writes }) =>
    calls.filter(({ name, result }) => name === "values.remove" && Object(result).is === "removed")
      .filter((call) => {
        const value = Object(call.input["value"]).value;
        return !writes.some((write) =>
          write.call === call && lists(write.before, value) && !lists(write.after, value)
        );
      }).map(({ name }) => name),
  "a refresh token that was answered is of a generation that was written": (account) =>
    done(account).flatMap((call) => {
      const token = parseRefreshToken(String(Object(call.result).refreshToken));
      if (token === null || !account.writes.some(({ key }) => key === `users:${token.uid}`)) return []; // of another store
      const texts = textsDuring(account, call, `sessions:${token.uid}:${token.sid}`);
      const written = texts.some((text) => JSON.parse(text).family?.generation === token.generation);
      return written ? [] : [`${call.name}: generation ${token.generation}`];
    }),
  "whoever is told of the key that signs finds it among the keys": (account) =>
    done(account).filter(({ name }) => name === "signingKeys.rotate").flatMap((call) => {
      const { kid } = Object(call.result) as { readonly kid?: string };
      const written = textsDuring(account, call, "signing-keys").some((text) => text.includes(`"${kid}"`));
      return written ? [] : [`key ${kid}`];
    }),
};

const UPDATES = /^(account|users)\.update$/;
const REMOVES = /^(account|users)\.remove$/;

/** The calls that were answered well. What is told again was done before, maybe by a process that has died since. */
function done({ calls }: History): readonly Call[] {
  return calls.filter(({ code, ended, replayed }) => code === undefined && ended !== null && !replayed);
}

function endedWrongly({ writes, starts, ends }: Account, call: Call): readonly string[] {
  const { ended } = Object(call.result) as { readonly ended?: unknown };
  if (typeof ended === "number") {
    const gone = writes.filter((write) => write.call === call && isUser(write.key)).flatMap(unlisted);
    return gone.length === ended ? [] : [`${call.name} tells of ${ended}, and ended ${gone.length}`];
  }
  if (call.name !== "sessions.end") return [];
  const sid = String(call.input["id"]);
  const still = [...starts.keys()].filter((id) =>
    id.endsWith(`:${sid}`) && (ends.get(id)?.order ?? Infinity) > (call.ended ?? 0)
  );
  return still.map((id) => `${call.name} tells of the end of ${id}`);
}

/** The sessions that a write ends. */
function unlisted({ before, after, now }: Write): readonly string[] {
  const kept = new Set(accountOf(after)?.sessions.map(({ sid }) => sid));
  return (accountOf(before)?.sessions ?? [])
    .filter(({ sid, exp }) => exp > now && !kept.has(sid))
    .map(({ sid }) => sid);
}

function changedWrongly(account: Account, call: Call): readonly string[] {
  const { id, name } = Object(call.result) as { readonly id?: unknown; readonly name?: unknown };
  const found = textsDuring(account, call, `users:${id}`).some((text) => accountOf(text)?.name === name);
  const swaps = account.writes.filter((write) => write.call === call && isUser(write.key));
  return [
    ...(found ? [] : [`${call.name}: the name`]),
    ...(swaps.length > 1 ? [`${call.name}: ${swaps.length} swaps`] : []),
  ];
}

function addedWrongly(account: Account, call: Call): readonly string[] {
  const values = (call.input["values"] as readonly { readonly value: string }[]).map(({ value }) => value); // as it is called
  const listed = (text: string | null) => values.filter((value) => lists(text, value)).length;
  const found = textsDuring(account, call, `users:${call.input["uid"]}`).some((text) =>
    listed(text) === values.length
  );
  const swaps = account.writes.filter((write) =>
    write.call === call && listed(write.after) > listed(write.before)
  );
  return [
    ...(found ? [] : [`${call.name}: not all of them`]),
    ...(swaps.length > 1 ? [`${call.name}: ${swaps.length} swaps`] : []),
  ];
}

/** Whether an account lists a value. */
function lists(text: string | null, value: string): boolean {
  return accountOf(text)?.identifiers.some((one) => one.value === value) === true;
}

/** The texts that a key had while a call was under way. */
function textsDuring({ start, writes }: Account, { begun, ended }: Call, key: string): readonly string[] {
  const mine = writes.filter((write) => write.key === key);
  const before = mine.findLast(({ order }) => order < begun)?.after ?? start.get(key) ?? null;
  const later = mine.filter(({ order }) => order > begun && order < (ended ?? Infinity));
  return [before, ...later.map(({ after }) => after)].filter((text) => text !== null);
}
