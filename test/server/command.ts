// The command line as a user starts it, under the runtime that runs the test; and the least client that can say anything.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, expect } from "vitest";
import { issuedBy, issuing, sentIn } from "../suite/belongings.ts";
import { derivedFrom, secretsIn } from "../suite/kept_secrets.ts";
import { leaks, type Secret, type Written } from "../suite/leaks.ts";
import { partsOf } from "../suite/replies_heard.ts";

/** A secret for tests. */
export const SECRET = "kq3vX8mZr1Lw0pTn5bYc7dHs9fJg2aEu";

const MAIN = new URL("../../src/server/main.ts", import.meta.url);
const RUN = process.versions["deno"] === undefined ? [] : ["run", "-A"];

/** One run of the command line. */
export interface Command {
  /** Everything that it has said. */
  readonly said: () => { readonly out: string; readonly err: string };
  /** Waits until what it says on standard output matches; fails if it ends before. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Sends it a signal. */
  readonly signal: (name: "SIGINT" | "SIGTERM") => void;
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

const running: ChildProcess[] = [];
const folders: string[] = [];
/** What is said in the terminal and replied, and the secrets of that: looked at after each test. */
const told: (() => Promise<readonly Written[]> | readonly Written[])[] = [];
const secrets: Secret[] = [];

afterEach(async () => {
  const written = (await Promise.all(told.splice(0).map((one) => one()))).flat();
  const found = leaks(written, secrets.splice(0));
  const alive = running.splice(0).filter(({ exitCode, signalCode }) =>
    exitCode === null && signalCode === null
  );
  await Promise.all(alive.map((child) => {
    child.kill("SIGKILL");
    return once(child, "exit");
  }));
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  expect(found).toEqual([]);
});

/** An empty directory, gone after the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "latchkey-server-"));
  folders.push(made);
  return made;
}

/** Starts the command line (or another script) in `cwd` with nothing but these flags and variables. */
export function start(
  cwd: string,
  flags: readonly string[],
  env: Record<string, string> = {},
  script: URL = MAIN,
): Command {
  const { PATH = "", HOME = "", DENO_DIR, NODE_COMPILE_CACHE } = process.env;
  const base = {
    ...{ PATH, HOME, NO_COLOR: "1" },
    ...(DENO_DIR !== undefined && { DENO_DIR }),
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
  };
  const child = spawn(process.execPath, [...RUN, fileURLToPath(script), ...flags], {
    cwd,
    env: { ...base, ...env },
  });
  running.push(child);
  secrets.push(...secretsIn([...flags, ...Object.values(env)]));
  secrets.push(...(env["LATCHKEY_SECRET"] ?? "").split(/,\s*/).flatMap(derivedFrom));
  let [out, err] = ["", ""];
  const waiting = new Set<() => void>();
  const heard = () => waiting.forEach((look) => look());
  child.stdout.on("data", (chunk) => {
    out += chunk;
    heard();
  });
  child.stderr.on("data", (chunk) => err += chunk);
  const ended = new Promise<number | string | null>((resolve) => {
    child.on("close", (code, signal) => {
      resolve(code ?? signal);
      heard();
    });
  });
  if (script === MAIN) {
    told.push(() => {
      const file = join(cwd, ".latchkey/secret");
      if (existsSync(file)) secrets.push(...derivedFrom(readFileSync(file, "utf8").trim()));
      return [{ where: "log", by: "the terminal", text: out + err }];
    });
  }
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    // Not by child.kill: after that, Deno says that the signal ended it, whatever its status was.
    signal: (name) => process.kill(Number(child.pid), name),
    said: () => ({ out, err }),
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(out);
          if (found === null && !isOver()) return;
          waiting.delete(look);
          if (found !== null) resolve(found);
          else reject(new Error(`it ended without saying ${pattern}:\n${out}${err}`));
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A run that answers requests. */
export interface Serving extends Command {
  /** Where it says it is. */
  readonly url: string;
  /** Where it listens. */
  readonly port: number;
}

/** Starts a server on a free port. */
export async function serve(
  cwd: string,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Serving> {
  const command = start(cwd, ["--port", "0", ...flags], env);
  const [, open = ""] = await command.says(/ready: open (\S+)[^]*Ctrl-C/);
  const [, listens = open] = /\(it listens on (\S+)\)/.exec(command.said().out) ?? [];
  return { ...command, url: open, port: Number(new URL(listens).port) };
}

/** A reply as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request to this machine letter by letter, with the headers given and no others but that it is the last one. */
export async function raw(port: number, text: readonly string[], body = ""): Promise<Reply> {
  const socket = connect(port, "127.0.0.1");
  socket.write([...text, "Connection: close", "", body].join("\r\n"));
  let all = "";
  for await (const chunk of socket) all += chunk;
  return replyOf(all);
}

/** The parts of a reply; a chunked body keeps its lengths between the chunks. */
export function replyOf(all: string): Reply {
  const end = all.indexOf("\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(all)?.[1]);
  return { status, head: all.slice(0, end), body: all.slice(end + 4) };
}

/** POSTs JSON as a browser on the page at `url` would. */
export async function post(
  url: string,
  path: string,
  body: object,
  cookie?: string,
  origin: string = new URL(url).origin,
): Promise<Response> {
  const headers = { "Content-Type": "application/json", Origin: origin };
  const reply = await fetch(url + path, {
    method: "POST",
    headers: { ...headers, ...(cookie !== undefined && { Cookie: cookie }) },
    body: JSON.stringify(body),
  });
  const [operation, result] = [`POST ${path}`, reply.clone()];
  // Mail is shown in the terminal, with the code that is typed here.
  secrets.push(...sentIn(body).map((one) => ({ ...one, where: "reply" as const })));
  told.push(async () => {
    const asked = { request: () => "", isKept: false };
    const { tokens, rest } = await partsOf({
      operation,
      result,
      asked,
      issues: issuedBy(operation, issuing({})),
    });
    secrets.push(...tokens);
    return [{ where: "reply", by: operation, text: rest }];
  });
  return reply;
}
