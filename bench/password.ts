import memory from "../drivers/memory.ts";
import { createAuth } from "../mod.ts";
import { ENGINES } from "../src/crypto/passwords/argon2.ts";
import { queue } from "../src/base/queue.ts";
import { passwords } from "../src/crypto/passwords/passwords.ts";
import { hex, utf8 } from "../src/base/encoding.ts";
import { inThread } from "../src/crypto/passwords/wasm.ts";
import { report } from "../src/base/report.ts";
import { hashSettings } from "../src/features/password/hash_settings.ts";
import type { OwnHashing } from "../src/features/password/options.ts";
import { machine } from "../src/platform.ts";

/** A way to hash passwords, and how many it did in a second, each time. */
export interface Contest {
  readonly name: string;
  readonly perSecond: readonly number[];
}

const HASHES = 8; // in each round, all at once
const ROUNDS = 7;
const WAITING = 50; // sign-ins that stand in the queue while sessions are checked
const PASSWORD = "correct horse battery";

const settings = hashSettings(undefined, report());
const salt = new Uint8Array(16);

/** An engine by itself, called with the numbers that this library hashes with. */
interface Bare {
  readonly name: string;
  readonly compute: (password: string) => Promise<Uint8Array>;
}

/** Those that this runtime has. */
async function bareEngines(): Promise<readonly Bare[]> {
  const engines = await Promise.all(
    ENGINES.map(async ({ name, load }) => ({ name, engine: await load().catch(() => null) })),
  );
  return [...engines, { name: "WebAssembly in threads", engine: inThread }].flatMap(({ name, engine }) => {
    if (engine === null || !("recipe" in settings) || settings.recipe.is !== "argon2id") return [];
    const { recipe } = settings;
    return [{ name, compute: (password) => engine({ recipe, password: utf8(password), salt, length: 32 }) }];
  });
}

/** Verifies passwords, as a sign-in does it, and beside that, in turn, calls the bare engines with the same numbers, as many at once. */
export async function contest(): Promise<readonly Contest[]> {
  const { hash, verify } = passwords({ ...settings, queue: HASHES }, machine);
  const kept = await hash(PASSWORD);
  const bare = (await bareEngines()).map(({ name, compute }) => {
    const inTurn = queue({ concurrency: settings.concurrency, waiting: HASHES }, () => new Error("full"));
    return { name: `bare ${name}`, one: async () => (await inTurn(() => compute(PASSWORD))).length === 32 };
  });
  const results = [{ name: "this library", one: () => verify(PASSWORD, kept) }, ...bare].map((
    contestant,
  ) => ({
    ...contestant,
    perSecond: [] as number[],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { one, perSecond } of results) {
      const began = performance.now();
      const right = await Promise.all(Array.from({ length: HASHES }, one));
      if (right.includes(false)) throw new Error("a password was not verified");
      perSecond.push(HASHES / (performance.now() - began) * 1000);
    }
  }
  return results.map(({ name, perSecond }) => ({ name, perSecond }));
}

/** How long session checks take, in milliseconds each, while sign-ins wait for their passwords to be verified, and while none does.
 * Passwords are hashed by an engine where one is given, else as this library does it. */
export async function checksMeanwhile(
  engine: Bare | null,
): Promise<Readonly<Record<"busy" | "quiet", readonly number[]>>> {
  const auth = createAuth({
    storage: memory(),
    secret: "a-secret-of-32-characters-for-benches",
    baseUrl: "https://example.com",
    clientIp: "direct",
    email: {
      from: "no-reply@example.com",
      send: () => {},
      links: { reset: "https://example.com/reset" },
    },
    password: engine === null ? {} : { hash: hashingBy(engine) },
  });
  const { id } = await auth.users.create({ email: "ada@example.com", emailVerified: true });
  const grant = await auth.sessions.create({ userId: id });
  const request = new Request("https://example.com/", {
    headers: { cookie: auth.cookies(grant)[0]?.split(";")[0] ?? "" },
  });
  const passwordHash = await auth.password.hash({ password: PASSWORD });
  const people = Array.from({ length: WAITING }, (_, i) => `user${i}@example.com`);
  for (const email of people) await auth.users.create({ email, emailVerified: true, passwordHash });

  /** One check after another, each asked for by the event loop, as a server is. */
  async function checks(goesOn: () => boolean): Promise<readonly number[]> {
    const times: number[] = [];
    while (goesOn()) {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 0));
      if ((await auth.getSession(request)).user === null) throw new Error("a session was not found");
      times.push(performance.now() - began);
    }
    return times;
  }

  let left = WAITING;
  const signIns = people.map(async (identifier) => {
    await auth.password.signIn({ identifier, password: PASSWORD });
    left--;
  });
  const busy = await checks(() => left > 0);
  let more = busy.length;
  await Promise.all(signIns);
  const quiet = await checks(() => more-- > 0);
  await auth.close();
  return { busy, quiet };
}

function hashingBy({ compute }: Bare): OwnHashing {
  const hash = async (password: string) => hex(await compute(password));
  return { hash, verify: async (password, kept) => await hash(password) === kept };
}

if (import.meta.main) {
  const results = await contest();
  for (const { name, perSecond } of results) {
    console.log(`Argon2id by ${name}: ${Math.round(part(perSecond, 0.5))} a second`);
  }
  const [ours, ...others] = results.map(({ perSecond }) => perSecond);
  const fastest = others.toSorted((a, b) => part(b, 0.5) - part(a, 0.5))[0] ?? [];
  const ratios = ours?.map((one, round) => one / (fastest[round] ?? 1)) ?? [];
  const [least, median, most] = [0.25, 0.5, 0.75].map((where) => part(ratios, where).toFixed(2));
  console.log(
    `round by round: ${median} times as many as the fastest engine alone, in half of them ${least} to ${most}`,
  );
  for (const engine of [null, ...await bareEngines()]) {
    const { busy, quiet } = await checksMeanwhile(engine);
    const by = engine?.name ?? "this library";
    for (
      const [what, times] of [[`${WAITING} sign-ins waiting, by ${by}`, busy], [
        "nothing else",
        quiet,
      ]] as const
    ) {
      const [half, nearly] = [part(times, 0.5), part(times, 0.99)].map((ms) => ms.toFixed(1));
      console.log(
        `session checks with ${what}: ${half} ms, in 99 of 100 at most ${nearly} ms (${times.length} checks)`,
      );
    }
  }
}

function part(all: readonly number[], where: number): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * where)] ?? 0;
}
