import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const RUNTIME = "Deno" in globalThis ? "Deno" : "Bun" in globalThis ? "Bun" : "node";
const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/```ts\n(.*?)```/gs)].map((
  [, code],
) => code ?? "");
let child: ChildProcess | undefined;

afterEach(() => void child?.kill("SIGKILL"));

test("the README's lines run as they stand, and answer", async () => {
  const [auth = "", ...serving] = blocks;
  const serve =
    serving.find((code) => code.includes(RUNTIME === "node" ? "createServer" : `${RUNTIME}.serve`)) ?? "";
  expect(auth).toContain("createAuth({");
  expect(serve).toContain("3000");
  const port = await freePort();
  const folder = join(ROOT, "test/.planted", `readme-${port}`);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(
      join(folder, "app.ts"),
      `${auth}\n${serve}\nconsole.log("up");\n`.replaceAll("3000", String(port)),
    );
    child = spawn(process.execPath, [...(RUNTIME === "Deno" ? ["run", "-A"] : []), "app.ts"], {
      cwd: folder,
      env: { ...process.env, AUTH_SECRET: "a-secret-of-32-characters-for-the-readme" },
    });
    const printed = output(child);
    await printed(/^up$/m);
    const health = await fetch(`http://localhost:${port}/auth/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
    const started = await fetch(`http://localhost:${port}/auth/email/start`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "ada@example.com" }),
    });
    expect(started.status).toBe(200);
    await printed(/Your code is \d{6}\./);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Waits until a process has printed something. */
function output(process: ChildProcess): (pattern: RegExp) => Promise<void> {
  let text = "";
  let look = () => {};
  const hear = (chunk: unknown) => {
    text += String(chunk);
    look();
  };
  process.stdout?.on("data", hear);
  process.stderr?.on("data", hear);
  return (pattern) =>
    new Promise((resolve, reject) => {
      look = () => pattern.test(text) && resolve();
      process.once("exit", (status) => reject(new Error(`it ended with ${status}: ${text}`)));
      look();
    });
}

/** A port that nobody listens on, below those that systems give to whoever asks for any: no test beside this one gets it meanwhile. */
async function freePort(): Promise<number> {
  for (let port = 20_000 + process.pid % 10_000;; port++) {
    const server = createServer().listen(port);
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
