import * as v from "valibot";
import type { Schema } from "../base/schema.ts";
import type { MaybeCaller } from "../contract.ts";
import { newId } from "../crypto/token.ts";
import { AuthError, type ErrorCode } from "../errors.ts";
import type { CredentialFields } from "../events.ts";
import type { Settings } from "../options.ts";
import type { Decision, Store } from "../store/collection.ts";
import type { Account, Identifier, Owner } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import { acting } from "./acting.ts";
import type { Authority } from "./authority.ts";
import type { Noted } from "./challenges.ts";
import type { Events } from "./events.ts";
import type { Mail } from "./mail.ts";
import { notices } from "./notices.ts";
import { type Questions, questions } from "./questions.ts";
import { type Become, hasRoom } from "./values.ts";

/** What is kept about every credential, whatever its kind. */
export interface About {
  /** Its own id: that of a passkey may be longer than a path, and a public key is no name for itself. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  /** When it was added, in epoch milliseconds. */
  readonly createdAt: number;
  /** When somebody last signed in with it, in epoch milliseconds; null for never. */
  readonly lastUsedAt: number | null;
}

/** A credential of an account. */
export interface Credential<T extends About> {
  /** By what it is known: the id of a passkey, a public key. */
  readonly value: string;
  readonly about: T;
}

/** Who calls. */
export type Calling = Omit<MaybeCaller, "userId"> & { readonly userId: string };

/** A credential that was proven, and that nobody had a moment ago: it is to be added. */
export interface Adding<T extends About> {
  readonly value: string;
  /** What is to be kept about it besides. */
  readonly about: Omit<T, keyof About> & Pick<About, "name">;
  /** The account as the challenge noted it. */
  readonly noted: Noted;
  /** Asked of the account with the credential in it. */
  readonly become: Become;
}

/** The credentials of one kind: values of an account, each with what is kept about it, in the account's own record. */
export interface Credentials<T extends About> {
  /** What they are asked to sign. */
  readonly questions: Questions;
  /** Those of an account.
   * @throws {AuthError} `storage_corrupt` */
  readonly of: (account: Account) => readonly Credential<T>[];
  /** The one that an account lists by a value, or null. */
  readonly find: (account: Account, value: string) => Credential<T> | null;
  /** The account with something else kept about one of them. Pure. */
  readonly put: (account: Account, value: string, about: T) => Account;
  /** Whether an account may have one more. */
  readonly hasRoom: (account: Account) => boolean;
  /** Decides on an account for whoever calls. `seen`, the account as it was read before, saves a read.
   * @throws {AuthError} the code that the decision names; `session_ended`, `not_found` */
  readonly decide: <R extends object>(
    caller: Calling,
    decide: (account: Account) => Decision<Account, R | ErrorCode>,
    seen?: Account,
  ) => Promise<R>;
  /** Adds one.
   * @throws {AuthError} `credential_taken`, and what `become` says; `challenge_invalid`, `session_ended`, `limit_reached` */
  readonly add: (caller: Calling, adding: Adding<T>) => Promise<T>;
  /** Calls one something else.
   * @throws {AuthError} `not_found`, `session_ended`, `forbidden` */
  readonly rename: (caller: Calling, id: string, name: string) => Promise<Credential<T>>;
  /** Removes one: whatever was proven before counts no longer.
   * @throws {AuthError} `not_found`, `session_ended`, `forbidden`, `step_up_required` */
  readonly remove: (caller: Calling, id: string) => Promise<void>;
}

/** A kind of credential: what its values are called, and the shape of what is kept about each. */
export interface Kind<T extends About> {
  readonly type: "passkey" | "key";
  readonly shape: Schema<T>;
}

/** What credentials stand on. */
export interface CredentialGround {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly authority: Authority;
  readonly events: Events;
  readonly mail: Mail;
  readonly settings: Pick<Settings, "email">;
}

/** Characters of all values of an account, with what is kept about them: fifty sessions and a profile must always fit beside them, or
 * nobody could sign in any more. */
const LARGEST = 24 * 1024;

type Emit = (events: Events, fields: CredentialFields, client: Calling["client"]) => void;

/** What is told of each kind. */
const EMIT: Readonly<Record<Kind<About>["type"], Readonly<Record<"added" | "removed", Emit>>>> = {
  passkey: {
    added: (events, fields, client) => events.emit("passkey.added", fields, client),
    removed: (events, fields, client) => events.emit("passkey.removed", fields, client),
  },
  key: {
    added: (events, fields, client) => events.emit("key.added", fields, client),
    removed: (events, fields, client) => events.emit("key.removed", fields, client),
  },
};

/** The credentials of one kind. */
export function credentials<T extends About>(
  { store, accounts, authority, events, mail, settings }: CredentialGround,
  { type, shape }: Kind<T>,
): Credentials<T> {
  const { platform } = store;
  const act = acting(accounts.change, platform.now);
  const notify = notices(settings.email === null ? null : mail, platform);

  function read({ value, about }: Identifier): Credential<T> {
    const read = v.safeParse(shape, about);
    if (read.success) return { value, about: read.output };
    throw new AuthError("storage_corrupt", {
      remedy: `what an account keeps about a ${type} has not its shape`,
    });
  }

  const isOurs = (one: Identifier) => one.type === type;

  const of: Credentials<T>["of"] = (account) => account.identifiers.filter(isOurs).map(read);

  const find: Credentials<T>["find"] = (account, value) => {
    const found = account.identifiers.find((one) => isOurs(one) && one.value === value);
    return found === undefined ? null : read(found);
  };

  const put: Credentials<T>["put"] = (account, value, about) => ({
    ...account,
    identifiers: account.identifiers.map((one) =>
      isOurs(one) && one.value === value ? { ...one, about } : one
    ),
  });

  /** Tells of it: the listeners, the log, and the owner. */
  function tell(what: "added" | "removed", owner: Owner, { id, name }: About, { client }: Calling): void {
    const fields = { userId: owner.uid, credentialId: id };
    EMIT[type][what](events, fields, client);
    notify(owner, { kind: `${type}.${what}`, data: { name }, client });
  }

  const decide: Credentials<T>["decide"] = async <R extends object>(
    { userId, sessionId }: Calling,
    decide: (account: Account) => Decision<Account, R | ErrorCode>,
    seen?: Account,
  ) => {
    const decided = await act<R | ErrorCode>({ uid: userId, acting: sessionId }, decide, seen);
    if (typeof decided === "string") throw new AuthError(decided);
    return decided;
  };

  return {
    questions: questions(store),
    of,
    find,
    put,
    hasRoom: (account) => hasRoom(account, type),
    decide,
    async add(caller, { value, about: given, noted, become }) {
      const kept: About = {
        id: newId(platform.random),
        name: given.name,
        createdAt: platform.now(),
        lastUsedAt: null,
      };
      const about = { ...given, ...kept } as T; // as it is made of both
      const added = await (await accounts.values()).add({
        uid: caller.userId,
        acting: caller.sessionId,
        values: [{ type, value, proven: true, about }],
        noted,
        areFree: true,
        // Of two that add it to one account at once, the second finds what the first one added.
        become: (account) => {
          if (find(account, value)?.about.id !== kept.id) return "credential_taken";
          return JSON.stringify(account.identifiers).length > LARGEST ? "limit_reached" : become(account);
        },
      });
      if (added.is === "taken") throw new AuthError("credential_taken");
      if (added.is === "refused") throw new AuthError("challenge_invalid");
      tell("added", added.owner, about, caller);
      return about;
    },
    async rename(caller, id, name) {
      const seen = (await authority.person(caller))?.account;
      return await decide<Credential<T>>(caller, (account) => {
        const found = of(account).find(({ about }) => about.id === id);
        if (found === undefined) return { next: account, result: "not_found" };
        const next = { ...found, about: { ...found.about, name } };
        return { next: put(account, next.value, next.about), result: next };
      }, seen);
    },
    async remove(caller, id) {
      await authority.person(caller);
      const account = (await authority.fresh(caller))?.account ?? await accounts.get(caller.userId);
      const found = account === null ? undefined : of(account).find(({ about }) => about.id === id);
      if (account === null || found === undefined) throw new AuthError("not_found");
      const { value, about } = found;
      const acting = { uid: caller.userId, acting: caller.sessionId };
      const removed = await (await accounts.values()).remove({
        ...acting,
        value: { type, value },
        seen: account,
      });
      if (removed.is === "refused") throw new AuthError("not_found"); // nothing refuses it
      tell("removed", removed.owner, about, caller);
    },
  };
}
