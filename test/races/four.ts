// Four real processes on one store, by the machine's clock, and a desk in this one for what is not part of the race.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { machine } from "../../src/platform.ts";
import { type Mailbox, mailbox } from "../../src/testing/mailbox.ts";
import type { FullAuth } from "../suite/client.ts";
import type { Told } from "../suite/gate.ts";
import type { Change } from "../suite/planted.ts";
import { driverAt, type Place, premises, type StoreName } from "../suite/stores.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";
import type { Call, Got, Interleaved, Methods, Order, Result, Setup } from "./child.ts";
import { type Pending, storedIn } from "./scene.ts";

/** The processes, and the desk. */
export interface Four {
  readonly desk: FullAuth;
  readonly processes: readonly [Process, Process, Process, Process];
  /** Starts a sign-in at the desk. */
  readonly start: (email: string) => Promise<Pending>;
  /** Does the calls from all processes at once, each its share. */
  readonly everywhere: (calls: readonly Call<"verify" | "refresh">[]) => Promise<readonly Told<Got>[]>;
  /** Asks a server that starts two minutes later whether the store is whole, now that everybody is done. Resolves to how many
   * sessions live at each address. */
  readonly audit: () => Promise<Readonly<Record<string, number>>>;
}

/** Another process. It does one thing after the other. */
export interface Process {
  /** Goes to a store. */
  readonly begin: (place: Place) => Promise<void>;
  /** Does all calls at once. */
  readonly calls: <M extends keyof Methods>(calls: readonly Call<M>[]) => Promise<readonly Told<Result<M>>[]>;
  /** Does one. */
  readonly call: <M extends keyof Methods>(call: Call<M>) => Promise<Told<Result<M>>>;
  /** Holds a sign-in at a point, does `meanwhile`, and lets it go on. */
  readonly hold: (
    at: Omit<Extract<Order, { do: "hold" }>, "do"> & { readonly meanwhile: () => Promise<unknown> },
  ) => Promise<Interleaved>;
  /** Sets its clock ahead. */
  readonly turn: (ms: number) => Promise<void>;
}

const LATER = 120_000; // ms: no session is younger than a minute then, so each must have its record

/** Plays a scene with four processes on a store and clears up after it. `changes`: what is different in their library. */
export async function four(
  store: StoreName,
  play: (here: Four) => Promise<void>,
  changes: readonly Change[] = [],
): Promise<void> {
  const { place, close } = premises(store, machine.now);
  const box = mailbox();
  const desk = serving(place, box);
  const isSound = changes.length === 0;
  const crew = isSound && sound !== undefined ? sound : await hired(changes);
  const { processes } = crew;
  if (isSound) sound = undefined; // until the scene is over
  try {
    await Promise.all(processes.map((one) => one.begin(place)));
    await play({
      desk,
      processes,
      async start(email) {
        const { challengeId } = await desk.emailOtp.start({ email });
        return { challengeId, code: box.code(email) };
      },
      async everywhere(calls) {
        const size = calls.length / processes.length;
        const shares = processes.map((one, i) => one.calls(calls.slice(i * size, (i + 1) * size)));
        return (await Promise.all(shares)).flat();
      },
      audit: () => audit(place),
    });
    if (isSound) sound = crew;
  } finally {
    if (sound !== crew) crew.dismiss();
    await desk.close();
    await close();
  }
}

/** Four processes, whatever their store. */
interface Crew {
  readonly processes: Four["processes"];
  readonly dismiss: () => void;
}

/** Those without a bug: one scene after the other is played with them, until one fails. */
let sound: Crew | undefined;
afterAll(() => sound?.dismiss());

async function hired(changes: readonly Change[]): Promise<Crew> {
  const children: ChildProcess[] = [];
  const begin = async () => {
    const child = spawned({ changes });
    children.push(child);
    return await processOf(child);
  };
  const processes = await Promise.all([begin(), begin(), begin(), begin()]);
  return { processes, dismiss: () => children.forEach((child) => child.kill("SIGKILL")) };
}

function serving(place: Place, { send }: Mailbox, now = machine.now): FullAuth {
  return createAuth({
    storage: driverAt(place, now),
    secret: SECRET,
    baseUrl: BASE_URL,
    email: { from: "no-reply@example.com", send, links: LINKS },
    emailOtp: true,
    magicLink: true,
    password: PASSWORD,
    passkey: true,
    key: true,
    rateLimit: false, // a crowd is not held up
    platform: { now },
  });
}

async function audit(place: Place): Promise<Readonly<Record<string, number>>> {
  const now = () => machine.now() + LATER;
  const reader = driverAt(place, now);
  const fresh = serving(place, mailbox(), now);
  try {
    const { accounts, drafts, claims, sessions } = storedIn(await Array.fromAsync(reader.entries("")));
    const addresses = accounts.flatMap(({ identifiers }) => identifiers.map(({ value }) => value));
    expect(addresses, "addresses, each in one account").toEqual([...new Set(addresses)]);
    expect(drafts, "drafts that stay").toEqual([]);
    expect(claims.map(({ uid }) => uid).sort(), "whom claims lead to").toEqual(
      accounts.flatMap(({ uid, identifiers }) => identifiers.map(() => uid)).sort(),
    );
    const living: Record<string, number> = {};
    for (const { uid, identifiers, sessions: listed } of accounts) {
      const lost = listed.filter(({ sid }) => !sessions.has(`${uid}:${sid}`));
      expect(lost, "sessions that are listed and have no record").toEqual([]);
      const { items } = await fresh.sessions.list({ userId: uid });
      expect(items.map(({ id }) => id), "sessions that live").toEqual(listed.map(({ sid }) => sid));
      for (const { value: email } of identifiers) {
        expect((await fresh.users.find({ email }))?.id, `whose ${email} is`).toBe(uid);
        living[email] = items.length;
      }
    }
    return living;
  } finally {
    await fresh.close();
    await reader.dispose();
  }
}

function spawned(setup: Setup): ChildProcess {
  const script = [join(import.meta.dirname, "child.ts"), JSON.stringify(setup)];
  const args = "Deno" in globalThis ? ["run", "-A", "--unstable-kv", ...script] : script;
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}

/** A process that is ready. */
async function processOf({ stdin, stdout }: ChildProcess): Promise<Process> {
  if (stdin === null || stdout === null) throw new TypeError("a child is spawned with pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const heard = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("a process of the race has died");
    return JSON.parse(value);
  };
  const tell = async (order: Order | "go on") => {
    stdin.write(`${JSON.stringify(order)}\n`);
    return await heard();
  };
  const calls: Process["calls"] = async <M extends keyof Methods>(asked: readonly Call<M>[]) =>
    await tell({ do: "calls", calls: asked as readonly Call[] }) as readonly Told<Result<M>>[]; // our own child answers
  expect(await heard()).toBe("ready");
  return {
    async begin(place) {
      expect(await tell({ do: "begin", place })).toBe("done");
    },
    calls,
    async call(one) {
      const [outcome] = await calls([one]);
      if (outcome === undefined) throw new TypeError("one call has one outcome");
      return outcome;
    },
    async hold({ answer, point, meanwhile }) {
      let answered = await tell({ do: "hold", answer, point });
      if (answered === "held") {
        await meanwhile();
        answered = await tell("go on");
      }
      return answered as Interleaved; // as above
    },
    async turn(ms) {
      expect(await tell({ do: "turn", ms })).toBe("done");
    },
  };
}
