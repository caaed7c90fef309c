// What becomes of passwords: the rules of what accounts keep of them.
import { quick } from "../suite/hashing.ts";
import type { Call, History, Write } from "./history.ts";
import { accountOf, isUser, type StoredAccount } from "./state.ts";

/** Each by what it says. */
export const PASSWORDS: Readonly<Record<string, (history: History) => readonly string[]>> = {
  "a session is listed by a password only while that is the account's": ({ writes }) =>
    by(writes, /^password\.(signIn|change)$/).flatMap(({ call, was, now, uid }) => {
      const said = call.input[call.name === "password.signIn" ? "password" : "currentPassword"];
      const begins = sidsOf(now).some((sid) => !sidsOf(was).includes(sid));
      const isFine = !begins || said === undefined || fits(hashOf(was), said);
      return isFine ? [] : [`account ${uid}`];
    }),
  "a password becomes another one in the swap that ends every earlier session, and what was proven before": (
    { writes },
  ) =>
    by(writes, /^password\.(change|verifyChange|finishReset)$/).flatMap(({ call, was, now, uid }) => {
      if (was === null || now === null) return [];
      const said = call.input["newPassword"];
      const stays = [
        said === undefined || fits(hashOf(now), said) ? "" : "not the one that was chosen",
        sidsOf(was).some((sid) => sidsOf(now).includes(sid)) ? "sessions" : "",
        sidsOf(now).length === (call.name === "password.finishReset" ? 0 : 1)
          ? ""
          : "more sessions than begin",
        now.epoch > was.epoch ? "" : "the epoch",
      ].filter((one) => one !== "");
      return stays.map((one) => `account ${uid}: ${one}`);
    }),
  "a password is set by a link only if nothing was revoked since that was mailed": ({ writes }) =>
    by(writes, /^password\.finishReset$/).flatMap(({ call, was, uid }) => {
      const used = usedBy(writes, call);
      const unproven = was?.identifiers.some(({ value, proven }) =>
        value === used?.subject && !proven
      ) === true;
      const isFine = unproven || (used?.noted.uid === uid && used.noted.epoch === was?.epoch);
      return isFine ? [] : [`account ${uid}`];
    }),
  "a sign-up gives no password to whoever has proven the address already": ({ writes }) =>
    by(writes, /^password\.verifySignUp$/).flatMap(({ was, now, uid }) => {
      const isProven = was?.identifiers.some(({ type, proven }) => type === "email" && proven) === true;
      return isProven && hashOf(now) !== hashOf(was) ? [`account ${uid}`] : [];
    }),
  "a link sets a password once": ({ calls }) => {
    const used = calls.filter(({ name, result }) =>
      name === "password.finishReset" && Object(result).updatedAt !== undefined
    ).map(({ input }) => String(input["token"]));
    return used.filter((token, i) => used.indexOf(token) !== i).map(() => "one of them");
  },
  "whoever is told that a password is another one finds it in the account": ({ calls, writes }) =>
    calls.filter(({ name, code, ended, result }) =>
      SETS.test(name) && code === undefined && ended !== null && Object(result).challenge === undefined
    ).filter((call) => !by(writes, SETS).some((write) => write.call === call && hashOf(write.now) !== null))
      .map(({ name }) => name),
};

const SETS = /^password\.(change|verifyChange|finishReset)$/;

/** A write of an account that a call made. */
interface Change {
  readonly call: Call;
  readonly uid: string;
  readonly was: StoredAccount | null;
  readonly now: StoredAccount | null;
}

/** The writes of accounts that calls of such names made. */
function by(writes: readonly Write[], names: RegExp): readonly Change[] {
  return writes.flatMap(({ key, call, before, after }) =>
    call === null || !isUser(key) || !names.test(call.name)
      ? []
      : [{ call, uid: key.slice("users:".length), was: accountOf(before), now: accountOf(after) }]
  );
}

/** What the step said that a call used up. */
function usedBy(writes: readonly Write[], call: Call) {
  const used = writes.find((one) =>
    one.call === call && one.key.startsWith("challenges:") && one.after === null
  );
  return used === undefined || used.before === null ? null : JSON.parse(used.before) as {
    readonly subject: string;
    readonly noted: { readonly uid: string | null; readonly epoch: number };
  };
}

/** Whether a password has a hash. Of one that was made in another way than by these tests nobody asks. */
function fits(hash: string | null, said: unknown): boolean {
  return hash !== null && (!hash.startsWith("quick:") || hash === quick(String(said).normalize("NFC")));
}

function hashOf(account: StoredAccount | null): string | null {
  const { password } = Object(account?.slots) as { readonly password?: { readonly hash: string } };
  return password?.hash ?? null;
}

function sidsOf(account: StoredAccount | null): readonly string[] {
  return account?.sessions.map(({ sid }) => sid) ?? [];
}
