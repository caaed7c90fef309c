import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { report } from "../../src/base/report.ts";
import { utf8 } from "../../src/base/encoding.ts";
import { ENGINES } from "../../src/crypto/passwords/argon2.ts";
import { hashSettings } from "../../src/features/password/hash_settings.ts";
import { asking, forAny, forMany, OPTIONS } from "../people.ts";
import type { Reading, Row } from "../row.ts";

const PEOPLE = 50;
const AT_ONCE = 8;
const PASSWORD = "correct horse battery";
const NATIVE = "@node-rs/argon2";

/** Signs in with passwords, beside the native code that computes the hashes; and checks sessions while others wait for theirs. */
export const row: Row = {
  title: "Password sign-in",
  async *measure({ short }) {
    const { auth, addresses, request } = await application();
    const signIn = async (identifier: string) => {
      const grant = await auth.password.signIn({ identifier, password: PASSWORD });
      return "user" in grant && grant.user.email === identifier;
    };
    const { compute, cores } = await native();
    yield {
      is: "race",
      title: `password sign-in, ${AT_ONCE} at once`,
      turn: 400,
      contestants: [
        { name: "Latchkey", work: forMany(addresses, AT_ONCE, signIn) },
        { name: NATIVE, work: forMany([PASSWORD], cores, compute) },
      ],
      targets: [{ against: NATIVE, atLeast: 0.9 }],
    };
    const check = forAny([request], async (one) => (await auth.getSession(one)).user !== null);
    const rounds: Stalls[] = [];
    for (let round = 0; round < (short ? 1 : 7); round++) {
      rounds.push(await stalls(check, () => Promise.all(addresses.map(signIn))));
    }
    yield stall(`while ${PEOPLE} password sign-ins wait`, rounds.map(({ busy }) => busy), 10);
    yield stall("while nobody signs in", rounds.map(({ quiet }) => quiet));
    await auth.close();
  },
};

function stall(when: string, values: readonly number[], atMost?: number): Reading {
  const title = `session check ${when}, 99 of 100 within`;
  return { is: "reading", title, unit: "ms", values, ...(atMost !== undefined && { atMost }) };
}

/** An application with people who have passwords, and the request of one who is signed in. */
async function application() {
  const email = {
    from: "no-reply@example.com",
    send: () => {},
    links: { reset: "https://example.com/reset" },
  };
  const auth = createAuth({ ...OPTIONS, storage: memory(), email, password: true });
  const passwordHash = await auth.password.hash({ password: PASSWORD });
  const addresses = Array.from({ length: PEOPLE }, (_, i) => `user${i}@example.com`);
  for (const email of addresses) await auth.users.create({ email, emailVerified: true, passwordHash });
  const { id } = await auth.users.create({ email: "ada@example.com", emailVerified: true });
  const [cookie = ""] = auth.cookies(await auth.sessions.create({ userId: id }));
  return { auth, addresses, request: asking(cookie.split(";")[0] ?? "") };
}

/** The native code called straight with the numbers that the library hashes with, by as many at once as there are cores. */
async function native() {
  const settings = hashSettings(undefined, report());
  const engine = await ENGINES.find(({ name }) => name === NATIVE)?.load() ?? null;
  if (engine === null || !("recipe" in settings) || settings.recipe.is !== "argon2id") {
    throw new Error(`${NATIVE} cannot be loaded`);
  }
  const { recipe, concurrency: cores } = settings;
  const salt = new Uint8Array(16);
  const compute = async (password: string) =>
    (await engine({ recipe, password: utf8(password), salt, length: 32 })).length === 32;
  return { compute, cores };
}

/** Within how many milliseconds 99 of 100 session checks were done. */
interface Stalls {
  readonly busy: number;
  readonly quiet: number;
}

/** Checks sessions while something is under way, and as often while nothing is. */
async function stalls(
  check: (times: number) => Promise<void>,
  work: () => Promise<unknown>,
): Promise<Stalls> {
  let goesOn = true;
  const done = work().finally(() => goesOn = false);
  const busy = await checks(check, () => goesOn);
  await done;
  let left = busy.length;
  const quiet = await checks(check, () => left-- > 0);
  return { busy: part(busy, 0.99), quiet: part(quiet, 0.99) };
}

/** How long one check after another took, each asked for by the event loop, as a server is. */
async function checks(
  check: (times: number) => Promise<void>,
  goesOn: () => boolean,
): Promise<readonly number[]> {
  const times: number[] = [];
  while (goesOn()) {
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await check(1);
    times.push(performance.now() - began);
  }
  return times;
}

function part(all: readonly number[], where: number): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * where)] ?? NaN;
}
