import { deadline, type Within } from "../base/deadline.ts";
import { utf8 } from "../base/encoding.ts";
import { AuthError, type Issue } from "../errors.ts";
import type { ClientInfo, ProfileChange } from "../model.ts";
import type { Settings } from "../options.ts";
import type { FieldsSchema } from "../options/users.ts";
import type { Platform } from "../platform.ts";
import type { Decision } from "../store/collection.ts";
import { type Account, isListed } from "./account_record.ts";
import type { Accounts } from "./accounts.ts";
import type { Events } from "./events.ts";

/** What is kept of a user besides what this library knows: the application's own fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** What is to change: a name, where one is said, and any other members. */
export type Change = ProfileChange & Fields;

/** What became of a change. `changed`: the names of the members that are others now. */
export type Updated =
  | { readonly is: "updated"; readonly account: Account; readonly changed: readonly string[] }
  | { readonly is: "gone" }
  | { readonly is: "ended" };

/** The name and the application's fields of users. */
export interface Profiles {
  /** The fields of a new user; none where none are given.
   * @throws {AuthError} `input_invalid`, `limit_reached` */
  readonly born: (given: Change) => Promise<Fields>;
  /** Changes them.
   * @throws {AuthError} `input_invalid`, `limit_reached` */
  readonly update: (uid: string, given: Change, authority: Authority) => Promise<Updated>;
}

/** On whose authority a user is changed. */
export interface Authority {
  /** The session: it must still be listed in the swap. */
  readonly acting?: string | undefined;
  /** The account as it was just read. */
  readonly seen?: Account | undefined;
  readonly client?: ClientInfo | undefined;
}

/** What profiles stand on. */
export interface ProfileGround {
  readonly accounts: Accounts;
  readonly events: Events;
  readonly platform: Platform;
  readonly settings: Pick<Settings, "users" | "storageDeadline">;
}

const PATIENCE = 5000; // ms: whoever changes something waits for the schema
const LARGEST = 8 * 1024; // bytes of JSON: name and fields together
/** What is ours to say of a user, and what means something else to objects. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["id", "email", "emailVerified", "name", "roles", "createdAt", "userId", "sessionId", "client"],
  ...["password", "passwordHash", "session", "audience"], // said beside them where an account is made
  ...["__proto__", "constructor", "prototype", ...Object.getOwnPropertyNames(Object.prototype)],
]);

/** The profiles of a store's accounts. */
export function profiles({ accounts, events, platform, settings }: ProfileGround): Profiles {
  const { fields: schema } = settings.users;
  const within = deadline(platform, PATIENCE, () => {
    const cause = new Error(`users.fields: the schema gave no answer within ${PATIENCE} ms`);
    return new AuthError("internal", undefined, { cause });
  });
  return {
    async born({ name, ...others }) {
      const given = checked(schema, others);
      const fields = Object.keys(given).length === 0 ? {} : await judged({ schema, within }, {}, given);
      if (isTooLarge(name ?? null, fields)) throw new AuthError("limit_reached");
      return fields;
    },
    async update(uid, { name, ...others }, { acting, seen, client }) {
      const given = checked(schema, others);
      const now = platform.now();
      let account = seen ?? await accounts.get(uid);
      // A schema may take its time, so it judges outside the swap, and the swap asks whether what it judged by still stands.
      while (account !== null && platform.now() <= now + settings.storageDeadline * 1000) {
        const before = account.fields ?? {};
        const fields = Object.keys(given).length === 0
          ? null
          : await judged({ schema, within }, before, given);
        const outcome = await accounts.change<Outcome>(uid, (current) => {
          if (current === null) return { next: null, result: { is: "gone" } };
          const listed = acting === undefined || isListed(current, acting, now);
          if (!listed) return { next: current, result: { is: "ended" } };
          const stands = fields === null || same(current.fields ?? {}, before);
          return stands
            ? decided(current, name, fields)
            : { next: current, result: { is: "moved", account: current } };
        }, account);
        if (outcome.is === "full") throw new AuthError("limit_reached");
        if (outcome.is === "updated" && outcome.changed.length > 0) {
          events.emit("user.updated", { userId: uid, changed: outcome.changed }, client);
        }
        if (outcome.is !== "moved") return outcome;
        account = outcome.account;
      }
      if (account === null) return { is: "gone" };
      throw new AuthError("storage_unavailable", { remedy: "too many writers of one user" });
    },
  };
}

type Outcome = Updated | { readonly is: "moved"; readonly account: Account } | { readonly is: "full" };

/** The account with what was said: a name where it is not undefined, fields where they are not null. Nothing is written where
 * nothing is another. */
function decided(
  current: Account,
  said: string | null | undefined,
  given: Fields | null,
): Decision<Account, Outcome> {
  const before = current.fields ?? {};
  const fields = given ?? before;
  const name = said === undefined ? current.name : said;
  if (isTooLarge(name, fields)) return { next: current, result: { is: "full" } };
  const members = new Set([...Object.keys(before), ...Object.keys(fields)]);
  const changed = [
    ...(name === current.name ? [] : ["name"]),
    ...[...members].filter((member) => !same(before[member], fields[member])),
  ];
  const next = changed.length === 0 ? current : { ...current, name, fields };
  return { next, result: { is: "updated", account: next, changed } };
}

/** What was said, as far as it can be judged without the account. Undefined says nothing. */
function checked(schema: FieldsSchema | null, said: Fields): Fields {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const members = Object.keys(given);
  refuse(members.filter((member) => schema === null || RESERVED.has(member)), UNKNOWN);
  refuse(members.filter((member) => !isPlain(given[member])), PLAIN);
  return given;
}

/** What judges fields, and how long it may take. */
interface Judge {
  readonly schema: FieldsSchema | null;
  readonly within: Within;
}

/** The fields as they are to be kept: those there were with those given, judged as a whole. */
async function judged(judge: Judge, before: Fields, given: Fields): Promise<Fields> {
  const kept: Fields = Object(await accepted(judge, filled({ ...before, ...given })));
  const fields = filled(kept);
  refuse(Object.keys(fields).filter((member) => RESERVED.has(member)), "is a reserved name");
  refuse(Object.keys(fields).filter((member) => !isPlain(fields[member])), PLAIN);
  // A schema that drops what it does not know would answer "done" to a misspelt name.
  refuse(
    Object.keys(given).filter((member) => given[member] !== null && !Object.hasOwn(kept, member)),
    UNKNOWN,
  );
  return fields;
}

/** What the schema makes of the fields. */
async function accepted({ schema, within }: Judge, whole: Fields): Promise<unknown> {
  const result = schema === null ? undefined : await within(schema["~standard"].validate(whole));
  if (result?.issues === undefined) return result?.value;
  const issues = result.issues.map(({ path, message }): Issue => ({
    path: told(path),
    message: String(message),
  }));
  throw new AuthError("input_invalid", { issues });
}

const UNKNOWN = "is not a known member";
const PLAIN =
  "must be what JSON can hold: well-formed text without NUL, a finite number, true, false, a list or an object";
const DEEPEST = 8;

/** What is there: null says that something is not. */
function filled(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Whether JSON holds a value as it is, and whether it can be told again without harm. */
function isPlain(value: unknown, depth = DEEPEST): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return value === null || typeof value === "boolean";
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((one) => isPlain(one, depth - 1));
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto === Object.prototype || proto === null) &&
    Object.entries(value).every(([name, one]) =>
      name !== "__proto__" && isPlain(name) && isPlain(one, depth - 1)
    );
}

function isTooLarge(name: string | null, fields: Fields): boolean {
  return utf8(JSON.stringify({ name, ...fields })).length > LARGEST;
}

/** @throws {AuthError} `input_invalid` where there is anything in the list */
function refuse(paths: readonly string[], message: string): void {
  if (paths.length > 0) {
    throw new AuthError("input_invalid", { issues: paths.map((path) => ({ path, message })) });
  }
}

/** Both were read from JSON, or are about to be. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function told(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string {
  return (path ?? []).map((part) => String(typeof part === "object" ? part.key : part).slice(0, 64)).join(
    ".",
  );
}
