// Passwords of accounts that come from elsewhere: their hashes are taken as they are, and made anew when somebody signs in.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { passwords } from "../../src/crypto/passwords/passwords.ts";
import type { PasswordOptions } from "../../src/features/password/options.ts";
import { parsePasswordHash } from "../../src/protocol/phc.ts";
import { machine } from "../../src/platform.ts";
import { chance } from "../../src/testing/chance.ts";
import type { FullAuth } from "../suite/client.ts";
import { faulty, refusal } from "../suite/faults.ts";
import { flow, RUNTIME, test } from "../suite/flow.ts";
import { FIRST, stepOf } from "../suite/password_holder.ts";
import { made } from "../suite/password_steps.ts";
import { textOf } from "../suite/rewritten.ts";
import { outcome, signIn } from "../suite/steps.ts";
import { STORES } from "../suite/stores.ts";
import { BASE_URL, type World, world } from "../suite/world.ts";

const ADA = "ada@example.com";
/** As little work as may be asked for. */
const NOW: PasswordOptions = { hash: { memory: 7168, passes: 5 } };
const CURRENT = /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/;
/** How another system hashes: in no time. */
const { hash: elsewhere } = passwords(
  { recipe: { is: "pbkdf2", digest: "SHA-256", passes: 1000 }, concurrency: 1, queue: 100 },
  { ...machine, random: chance(1) },
);

flow("an account that is made with a hash signs in with the password", async (here) => {
  const { password, users } = here.server();
  const passwordHash = await password.hash({ password: FIRST });
  expect([
    await password.verify({ password: FIRST, hash: passwordHash }),
    await password.verify({ password: "quite another one", hash: passwordHash }),
  ]).toEqual([true, false]);
  const user = await users.create({ email: ADA, emailVerified: true, name: "Ada", passwordHash });
  expect(user).toMatchObject({ email: ADA, emailVerified: true, name: "Ada" });
  expect(JSON.stringify(user)).not.toContain(passwordHash);
  const grant = await here.person().password.signIn({ identifier: ADA, password: FIRST });
  expect(grant).toMatchObject({ user, session: { amr: ["pwd"] } });
  expect(await outcome(users.create({ email: ADA, passwordHash }))).toBe("identifier_taken");
});

flow("a hash that came with an unproven address goes when somebody proves it", async (here) => {
  const id = await made(here, ADA, { emailVerified: false });
  const { grant } = await signIn(here, ADA);
  expect(grant.user).toMatchObject({ id, emailVerified: true });
  const signedIn = here.person().password.signIn({ identifier: ADA, password: FIRST });
  expect(await outcome(signedIn)).toBe("credentials_invalid");
});

test.each(STORES)(
  "on %s a hash of another kind is made anew by the sign-in, in the same writes",
  async (store) => {
    const here = world(store, "method");
    const { auth, looked } = await hashing(here);
    const id = await imported(auth, await elsewhere(FIRST));
    const before = await hashOf(here, id);
    expect(await outcome(here.at(auth).password.signIn({ identifier: ADA, password: "a wrong one" }))).toBe(
      "credentials_invalid",
    );
    expect(await hashOf(here, id)).toBe(before);
    const work: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      looked.seen.splice(0);
      expect(await outcome(here.at(auth).password.signIn({ identifier: ADA, password: FIRST }))).toBe("fine");
      work.push(looked.seen.toSorted());
    }
    expect([await hashOf(here, id), work[1]]).toEqual([expect.stringMatching(CURRENT), work[0]]);
    await here.close();
  },
);

test("of two who sign in at once with a password from elsewhere, both get in, and one hash stays", async () => {
  const here = world("memory", "method", { unhurried: true });
  const auths = [await hashing(here), await hashing(here)].map(({ auth }) => auth);
  const id = await imported(auths[0]!, await elsewhere(FIRST));
  const enter = (auth: FullAuth) =>
    outcome(here.at(auth).password.signIn({ identifier: ADA, password: FIRST }));
  expect(await Promise.all(auths.map(enter))).toEqual(["fine", "fine"]);
  const hash = await hashOf(here, id);
  expect(hash).toMatch(CURRENT);
  await enter(auths[1]!);
  expect(await hashOf(here, id)).toBe(hash);
  await here.close();
});

test("where a code is asked for, a hash is made anew when that is given, and not before", async () => {
  const here = world("memory", "method");
  const auth = here.another({ password: { ...NOW, signIn: { emailCode: true } } });
  const id = await imported(auth, await elsewhere(FIRST));
  const before = await hashOf(here, id);
  const ada = here.at(auth);
  const challengeId = stepOf(await ada.password.signIn({ identifier: ADA, password: FIRST }));
  expect(await hashOf(here, id)).toBe(before);
  await ada.password.verifySignIn({ challengeId, code: here.mailbox.code(ADA) });
  expect(await hashOf(here, id)).toMatch(CURRENT);
  expect(await outcome(ada.password.signIn({ identifier: ADA, password: FIRST }))).toBe("fine");
  await here.close();
});

test("wherever a sign-in stops that makes a hash anew, the password signs in afterwards", async () => {
  const here = world("memory", "method", { options: { rateLimit: false } });
  const { auth, looked } = await hashing(here);
  const id = await imported(auth, await elsewhere(FIRST));
  const account = (await here.contents()).get(`users:${id}`) ?? "";
  const enter = () => outcome(here.at(auth).password.signIn({ identifier: ADA, password: FIRST }));
  looked.seen.splice(0);
  await enter();
  const operations = looked.seen.length;
  expect(operations).toBeGreaterThan(3);
  for (let stop = 0; stop < operations; stop++) {
    await here.driver().setItem(`users:${id}`, account);
    const from = looked.seen.length;
    looked.fault = ({ n }, run) => n - from >= stop ? Promise.reject(new Error("stopped")) : run();
    await enter();
    looked.fault = null;
    expect([stop, await enter(), await hashOf(here, id)]).toEqual([
      stop,
      "fine",
      expect.stringMatching(CURRENT),
    ]);
  }
  await here.close();
});

test("bcrypt, scrypt and PBKDF2 are taken from elsewhere, and what could not be verified is refused", async () => {
  const here = world("memory", "method");
  const { auth } = await hashing(here);
  const bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"; // of crypt_blowfish's own tests
  await imported(auth, bcrypt);
  expect(await outcome(here.at(auth).password.signIn({ identifier: ADA, password: "U*U" }))).toBe("fine");
  const before = await here.contents();
  const hostile = [...HOSTILE, bcrypt.replace("05", "15"), "$2a$05$", "$1$salt$0123456789", FIRST];
  for (const passwordHash of hostile) {
    const refused = await refusal(auth.users.create({ email: "bob@example.com", passwordHash }));
    const paths = refused.details?.issues?.map(({ path }) => path);
    expect([passwordHash.slice(0, 40), refused.code, paths]).toEqual([
      passwordHash.slice(0, 40),
      "input_invalid",
      ["passwordHash"],
    ]);
  }
  expect(await here.contents()).toEqual(before);
  await here.close();
});

test("a hash that got into the store and would take too long fits no password, and is not computed", async () => {
  const here = world("memory", "method");
  const { auth } = await hashing(here);
  const id = await imported(auth, await elsewhere(FIRST));
  const key = `users:${id}`;
  const account = JSON.parse((await here.contents()).get(key) ?? "");
  for (const hash of HOSTILE) {
    const slots = { ...account.slots, password: { ...account.slots.password, hash } };
    await here.driver().setItem(key, textOf({ ...account, slots }));
    const began = performance.now();
    const entered = await outcome(here.at(auth).password.signIn({ identifier: ADA, password: FIRST }));
    expect([hash.slice(0, 40), entered]).toEqual([hash.slice(0, 40), "credentials_invalid"]);
    expect(performance.now() - began, "some of them would take hours").toBeLessThan(60_000);
  }
  await here.close();
});

const BYTES = "c29tZXNhbHRzb21lc2FsdA$mG3WbkBPCZrn1SW4IHMlKHJjqWaxiMaTw5KAbvVa8HE";
const HOSTILE = [
  "",
  "$",
  `$argon2id$v=19$m=4194304,t=3,p=4$${BYTES}`,
  `$argon2id$v=19$m=65536,t=4294967295,p=1$${BYTES}`,
  `$argon2id$v=19$m=65536,t=3,p=1$${BYTES.split("$")[0]}$`,
  `$scrypt$ln=30,r=8,p=1$${BYTES}`,
  `$pbkdf2-sha256$i=4294967295$${BYTES}`,
  "$".repeat(200_000),
];

// Hashes that others made. The folder is named by LATCHKEY_VECTORS.

interface Vector {
  readonly id: string;
  readonly scheme: string;
  readonly verdict: string;
  readonly slow?: true;
  readonly encoded?: string;
  readonly passwordUtf8?: string;
}

const file = join(process.env["LATCHKEY_VECTORS"] ?? "", "passwords.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(file);
const skipped = present ? "" : " (LATCHKEY_VECTORS names no folder with passwords.json: 1 test is skipped)";

test.skipIf(!present || RUNTIME !== "node")(
  `hashes of other systems sign in over the routes${skipped}`,
  async () => {
    const here = world("memory", "http");
    const { auth } = await hashing(here);
    const all: readonly Vector[] = JSON.parse(readFileSync(file, "utf8")).vectors;
    const chosen = all.filter(isQuick).filter((one, _, those) =>
      those.filter(({ scheme }) => scheme === one.scheme).indexOf(one) < 3
    );
    const outcomes: unknown[] = [];
    for (const [i, { encoded, passwordUtf8: password }] of chosen.entries()) {
      const identifier = `user-${i}@example.com`;
      await auth.users.create({ email: identifier, passwordHash: encoded });
      outcomes.push([
        (await auth.handler(signInOf({ identifier, password: `${password}x` }))).status,
        (await auth.handler(signInOf({ identifier, password }))).status,
      ]);
    }
    expect(outcomes).toEqual(chosen.map(() => [401, 200]));
    expect(new Set(chosen.map(({ scheme }) => scheme)).size).toBeGreaterThan(4);
    await here.close();
  },
);

/** Sent by itself, for some of these passwords are words that stand in every record. */
function signInOf(body: object): Request {
  const headers = { "content-type": "application/json", origin: BASE_URL };
  return new Request(`${BASE_URL}/auth/password/sign-in`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
}

/** Whether a vector is the hash of something that people could type, and takes no time. */
function isQuick({ verdict, slow, encoded = "", passwordUtf8 = "" }: Vector): boolean {
  const recipe = parsePasswordHash(encoded)?.recipe;
  if (recipe === undefined || verdict !== "match" || slow === true) return false;
  const isLarge = "memory" in recipe && recipe.memory > 1024;
  // Of bcrypt nothing past 72 bytes counts.
  return !isLarge && passwordUtf8.length > 0 && passwordUtf8.length < 70 && passwordUtf8.isWellFormed() &&
    passwordUtf8 === passwordUtf8.normalize("NFC") && !passwordUtf8.includes("\0");
}

/** A further server that hashes in earnest, and what it asks of the store. */
async function hashing(here: World) {
  const looked = faulty(here.driver());
  const auth = here.another({ storage: looked.driver, password: NOW });
  await auth.ready();
  return { auth, looked };
}

async function imported({ users }: FullAuth, passwordHash: string): Promise<string> {
  return (await users.create({ email: ADA, emailVerified: true, passwordHash })).id;
}

/** The hash that an account keeps. */
async function hashOf({ contents }: World, uid: string): Promise<string> {
  return JSON.parse((await contents()).get(`users:${uid}`) ?? "").slots.password.hash;
}
