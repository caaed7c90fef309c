// What is asked of a store on which processes died: of its files, of its people, and of its records.
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { machine } from "../../src/platform.ts";
import type { Driver } from "../../src/store/driver.ts";
import { type Mailbox, mailbox } from "../../src/testing/mailbox.ts";
import { storedIn } from "../races/scene.ts";
import type { FullAuth } from "../suite/client.ts";
import { told } from "../suite/gate.ts";
import { openAt, type StoreOnDisk } from "../suite/stores_on_disk.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";
import type { Code, Held, Person } from "./book.ts";

/** Where they died. */
export interface Scene {
  readonly store: StoreOnDisk;
  readonly path: string;
}

/** A server that comes later, and its mail. */
interface Later {
  readonly auth: FullAuth;
  readonly box: Mailbox;
  readonly driver: Driver;
}

const SOON = 120_000; // ms: longer than any reservation stands, shorter than an access token lives
const AFTERWARDS = 2 * 3_600_000; // ms: what was under way is over, and a sweep takes it

/** Whether the files are whole, and no lock is left. */
export async function expectFiles({ store, path }: Scene): Promise<void> {
  const driver = openAt(store, path, { deadline: 0 }); // who would have to wait for a lock is refused
  for (let n = 0; n < 50; n++) {
    expect(await driver.swap(`invites:after-${n}`, null, "{}"), "a write at once").toBe(true);
    expect(await driver.swap(`invites:after-${n}`, "{}", null), "a removal at once").toBe(true);
  }
  for await (const [key, text] of driver.entries("")) {
    expect(() => JSON.parse(text), `the record at ${key} is whole`).not.toThrow();
  }
  await driver.dispose();
  if (store === "sqlite") {
    const database = new DatabaseSync(path);
    expect({ ...database.prepare("PRAGMA integrity_check").get() }).toEqual({ integrity_check: "ok" });
    return database.close();
  }
  const aside = join(path, ".tmp");
  for (const name of readdirSync(aside)) utimesSync(join(aside, name), 0, Date.now() / 1000 - 3601);
  const next = openAt(store, path);
  await next.getKeys("");
  await next.dispose();
  expect(readdirSync(aside), "what was put aside and never put in place").toEqual([]);
  expect(readdirSync(path).filter((name) => name.includes("journal"))).toEqual([]);
}

/** Whether everybody has what they were told, and nothing that they were told has ended. */
export async function expectPeople(scene: Scene, people: readonly Person[]): Promise<void> {
  const later = laterAt(scene, SOON);
  for (const person of people) {
    for (const held of person.sessions.values()) await expectSession(later, person, held);
    const strange = person.alone ? await unknownTo(later, person) : [];
    const codes = [...lastOf(person.codes)];
    const open = codes.filter(({ isSpent }) => !isSpent).length; // each may have let somebody in
    expect(strange.length, `sessions that nobody at ${person.email} was told of`).toBeLessThanOrEqual(open);
    for (const code of codes) await expectCode(later, person, code, strange.length < open);
  }
  const owners = new Map<string, string>();
  for (const person of people) {
    const uid = owners.get(person.email) ?? await enter(later, person.email);
    owners.set(person.email, uid);
    if (person.alone && typeof person.uid === "string") {
      expect(uid, `whose ${person.email} is`).toBe(person.uid);
    }
    for (const gone of person.removed) {
      expect(uid, "an account that was removed").not.toBe(gone);
      expect(await later.auth.users.get({ id: gone }), "an account that was removed").toBe(null);
    }
  }
  await leave(later);
}

async function expectSession({ auth }: Later, { alone, email }: Person, held: Held): Promise<void> {
  const { user, session, headers, refreshToken, attempt, is } = held;
  const seen = (await auth.getSession(new Headers(headers))).user?.id;
  const about = `${session} of ${email}`;
  if (is === "in" && alone) expect(seen, `${about}, who signed in`).toBe(user);
  if (is === "out") expect(seen, `${about}, which was ended`).toBe(undefined);
  if (seen !== undefined) expect(seen, about).toBe(user);
  if (refreshToken === undefined) return;
  const refreshed = await told(auth.sessions.refresh({ refreshToken, attempt }));
  const outcome = "value" in refreshed ? refreshed.value.session.id : refreshed.code;
  expect(outcome, `${about}, refreshed`).toBe(seen === undefined ? "session_ended" : session);
}

/** Sessions that live and that nobody was told of: the last answer may have died with its process. */
async function unknownTo({ auth }: Later, { email, sessions }: Person): Promise<readonly string[]> {
  const user = await auth.users.find({ email });
  const { items } = user === null ? { items: [] } : await auth.sessions.list({ userId: user.id });
  return items.map(({ id }) => id).filter((id) => !sessions.has(id));
}

/** A code whose answer was told is used up; one whose answer never came may still be good, once, where it has let nobody in. */
async function expectCode(
  { auth }: Later,
  { email }: Person,
  { challengeId, code, isSpent }: Code,
  mayBeGood: boolean, // nobody got in by it
): Promise<void> {
  const tries = [
    await told(auth.emailOtp.verify({ challengeId, code })),
    await told(auth.emailOtp.verify({ challengeId, code })),
  ];
  const outcomes = tries.map((one) => one.code ?? "let in");
  const none = ["challenge_invalid", "challenge_invalid"];
  if (isSpent || !mayBeGood) expect(outcomes, `a code of ${email} that was used`).toEqual(none);
  else expect([none, ["let in", none[1]]], `a code of ${email}`).toContainEqual(outcomes);
}

/** Each code once: as spent, where its answer was told. */
function lastOf(codes: readonly Code[]): Iterable<Code> {
  return new Map(codes.map((code) => [code.challengeId, code])).values();
}

/** Signs in by mail. Resolves to whose account that is. */
async function enter({ auth, box }: Later, email: string): Promise<string> {
  const { challengeId } = await auth.emailOtp.start({ email });
  const { user } = await auth.emailOtp.verify({ challengeId, code: box.code(email) });
  expect((await auth.users.find({ email }))?.id, `whose ${email} is`).toBe(user.id);
  return user.id;
}

/** Whether the records are as the rules have them, once somebody has gone through them. */
export async function expectRecords(scene: Scene): Promise<void> {
  const later = laterAt(scene, AFTERWARDS);
  const before = storedIn(await Array.fromAsync(later.driver.entries("")));
  for (const { uid } of before.accounts) await later.auth.sessions.list({ userId: uid });
  await later.auth.sweep();
  const entries = await Array.fromAsync(later.driver.entries(""));
  const { accounts, drafts, claims, sessions } = storedIn(entries);
  const addresses = accounts.flatMap(({ identifiers }) => identifiers.map(({ value }) => value));
  expect(addresses.length, "addresses, each in one account").toBe(new Set(addresses).size);
  expect(drafts, "drafts that stay").toEqual([]);
  expect(claims.map(({ uid }) => uid).sort(), "whom claims lead to").toEqual(
    accounts.flatMap(({ uid, identifiers }) => identifiers.map(() => uid)).sort(),
  );
  expect([...sessions.keys()].sort(), "records, and sessions that are listed").toEqual(
    accounts.flatMap(({ uid, sessions: listed }) => listed.map(({ sid }) => `${uid}:${sid}`)).sort(),
  );
  expect(entries.filter(([key]) => key.startsWith("challenges:")), "challenges that are over").toEqual([]);
  await leave(later);
}

/** A server whose clock is ahead. */
function laterAt({ store, path }: Scene, ahead: number): Later {
  const now = () => machine.now() + ahead;
  const box = mailbox();
  const driver = openAt(store, path, { now });
  const auth = createAuth({
    storage: driver,
    secret: SECRET,
    baseUrl: BASE_URL,
    email: { from: "no-reply@example.com", send: box.send, links: LINKS },
    emailOtp: true,
    magicLink: true,
    password: PASSWORD,
    passkey: true,
    key: true,
    rateLimit: false,
    platform: { now, log: { warn: () => {} } },
  });
  return { auth, box, driver };
}

async function leave({ auth }: Later): Promise<void> {
  await auth.close();
}
