// What passkeys count, and which are stored: the rules of what accounts keep about them.
import type { History, Write } from "./history.ts";
import { accountOf, isUser } from "./state.ts";

/** Each by what it says. */
export const CREDENTIALS: Readonly<Record<string, (history: History) => readonly string[]>> = {
  "each sign-in by a passkey moves its counter on, if it counts": ({ writes }) =>
    by(writes, "passkey.finishSignIn").flatMap((write) => {
      const { id } = Object(write.call?.input["credential"]) as { readonly id?: string };
      const [was, now] = [write.before, write.after].map((text) => counterIn(text, id));
      const isFine = was === undefined || now === undefined || now > was || (now === 0 && was === 0);
      return isFine ? [] : [`passkey ${id}: ${was}, then ${now}`];
    }),
  "a passkey is stored by the registration that its account waits for": ({ writes }) =>
    by(writes, "passkey.finishRegistration").flatMap((write) => {
      const [had, has] = [passkeysIn(write.before), passkeysIn(write.after)];
      const { pending } = Object(Object(accountOf(write.before)?.slots).passkey);
      const isFine = has.length <= had.length || pending === write.call?.input["challengeId"];
      return isFine ? [] : [`it waits for ${pending}`];
    }),
  "whoever acts by a session of a key stores no passkey where there was one": ({ writes }) =>
    by(writes, "passkey.finishRegistration").flatMap((write) => {
      const [had, has] = [passkeysIn(write.before), passkeysIn(write.after)];
      const sid = write.call?.by?.sessionId;
      const isByKey = accountOf(write.before)?.sessions.some((one) => one.sid === sid && one.byKey) === true;
      const isFine = !isByKey || had.length === 0 || has.length <= had.length;
      return isFine ? [] : [`session ${sid}, passkey number ${has.length}`];
    }),
};

/** The writes of accounts that calls of a name made. */
function by(writes: readonly Write[], name: string): readonly Write[] {
  return writes.filter(({ key, call }) => isUser(key) && call?.name === name);
}

function passkeysIn(text: string | null) {
  return accountOf(text)?.identifiers.filter(({ type }) => type === "passkey") ?? [];
}

function counterIn(text: string | null, id: string | undefined): number | undefined {
  return passkeysIn(text).find(({ value }) => value === id)?.about?.counter;
}
