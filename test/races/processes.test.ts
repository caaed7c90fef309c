// The headline races, from four real processes at once on one file, by the machine's clock.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import sqlite from "../../drivers/sqlite.ts";
import { type BaseAuth, type ChosenFeatures, createAuth } from "../../src/auth.ts";
import { type Mailbox, mailbox } from "../../src/testing/mailbox.ts";
import { type Told, told } from "../suite/gate.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import type { Ask, Errand, Got } from "./child.ts";
import { tally, values } from "./scene.ts";

const ADA = "ada@example.com";
const PROCESSES = 4;

let folder: string;
let box: Mailbox;
let auth: BaseAuth & ChosenFeatures;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  box = mailbox();
  auth = createAuth({
    storage: sqlite({ path: file(), synchronous: "normal" }),
    secret: SECRET,
    baseUrl: BASE_URL,
    email: { from: "no-reply@example.com", send: box.send },
    emailOtp: true,
  });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await auth.close();
  rmSync(folder, { recursive: true });
});

test("of 100 right answers from four processes, one gets in", async () => {
  const answer = await start();
  const outcomes = await everywhere(Array(100).fill({ do: "verify", ...answer }));
  expect(tally(outcomes)).toEqual({ ok: 1, challenge_invalid: 99 });
  const [got] = values(outcomes);
  const { items } = await auth.sessions.list({ userId: got?.user ?? "" });
  expect(items.map(({ id }) => id)).toEqual([got?.session]);
});

test("of 200 wrong guesses from four processes, five are judged, and then the code is dead", async () => {
  const { challengeId, code } = await start();
  const guesses = Array.from({ length: 200 }, (_, i) => String((Number(code) + 1 + i) % 1_000_000));
  const outcomes = await everywhere(
    guesses.map((guess) => ({ do: "verify", challengeId, code: guess.padStart(6, "0") })),
  );
  expect(tally(outcomes)).toEqual({ code_invalid: 5, challenge_invalid: 195 });
  expect(await told(auth.emailOtp.verify({ challengeId, code }))).toEqual({ code: "challenge_invalid" });
});

test("100 refreshes of one token from four processes get one successor", async () => {
  const { user, refreshToken = "" } = await auth.emailOtp.verify({ ...await start(), session: "bearer" });
  const outcomes = await everywhere(Array(100).fill({ do: "refresh", refreshToken }));
  expect(tally(outcomes)).toEqual({ ok: 100 });
  const [successor = "", ...others] = new Set(values(outcomes).map((got) => got.refreshToken));
  expect(others).toEqual([]);
  expect(successor).not.toBe(refreshToken);
  const next = await auth.sessions.refresh({ refreshToken: successor });
  expect(next.user.id).toBe(user.id);
});

test("100 first sign-ins with one address from four processes make one account", async () => {
  const answers: Ask[] = [];
  for (let i = 0; i < 100; i++) answers.push({ do: "verify", ...await start() });
  const outcomes = await everywhere(answers);
  expect(tally(outcomes)).toEqual({ ok: 100 });
  const [user = "", ...others] = new Set(values(outcomes).map((got) => got.user));
  expect(others).toEqual([]);
  expect((await auth.users.find({ email: ADA }))?.id).toBe(user);
  expect((await auth.sessions.list({ userId: user })).items).toHaveLength(50);
  const reader = sqlite({ path: file() });
  expect(await reader.getKeys("users:")).toEqual([`users:${user}`]);
  expect(await reader.getKeys("identifiers:")).toHaveLength(1);
  await reader.dispose();
});

function file(): string {
  return join(folder, "auth.db");
}

async function start(): Promise<{ readonly challengeId: string; readonly code: string }> {
  const { challengeId } = await auth.emailOtp.start({ email: ADA });
  return { challengeId, code: box.code(ADA) };
}

/** Does the calls from all processes at once, each its share. */
async function everywhere(calls: readonly Ask[]): Promise<readonly Told<Got>[]> {
  const size = calls.length / PROCESSES;
  const shares = Array.from({ length: PROCESSES }, (_, i) => calls.slice(i * size, (i + 1) * size));
  const started = await Promise.all(shares.map((share) => child({ path: file(), calls: share })));
  const results = await Promise.all(started.map((begin) => begin()));
  return results.flat();
}

/** Starts a process. Resolves when it waits for its sign to begin. */
async function child(errand: Errand): Promise<() => Promise<readonly Told<Got>[]>> {
  const script = join(import.meta.dirname, "child.ts");
  const args = "Deno" in globalThis ? ["run", "-A", script] : [script];
  const started = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(started);
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  started.stdin.write(`${JSON.stringify(errand)}\n`);
  expect((await lines.next()).value).toBe("ready");
  return async () => {
    started.stdin.write("go\n");
    return JSON.parse(String((await lines.next()).value));
  };
}
