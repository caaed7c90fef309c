// The programs of OpenSSH as a person uses them: keys in a folder, signatures, an agent.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Whether this machine has them. Where it has none, their tests skip. */
export const hasSsh: boolean = ["ssh-keygen", "ssh-agent", "ssh-add"].every((name) =>
  spawnSync(name, ["-?"]).error === undefined
);

/** What tests say that skip. */
export const WITHOUT_SSH: string = hasSsh ? "" : " (no ssh-keygen, ssh-agent and ssh-add here: skipped)";

/** A key in a file, with the public one beside it. */
export interface KeyFile {
  /** Where the private one is. */
  readonly path: string;
  /** The line of the public one. */
  readonly line: string;
}

/** An agent that keeps keys. */
export interface Agent {
  /** What a program needs to find it. */
  readonly env: { readonly SSH_AUTH_SOCK: string };
  /** Hands it a key that has no pass phrase. */
  readonly add: (key: KeyFile) => void;
}

/** A person's folder of keys. */
export interface SshFolder {
  readonly path: string;
  /** Makes a key; `type` is Ed25519 where nothing is said. */
  readonly key: (name: string, made?: { readonly type?: string; readonly passPhrase?: string }) => KeyFile;
  /** Starts an agent. */
  readonly agent: () => Promise<Agent>;
  /** Stops what was started, and removes everything. */
  readonly remove: () => Promise<void>;
}

/** A folder that its owner alone may look into, made when it is first used: where all tests skip, nobody would remove it. */
export function sshFolder(): SshFolder {
  let made: string | undefined;
  const folder = () => made ??= mkdtempSync(join(tmpdir(), "latchkey-ssh-"));
  const agents: ChildProcess[] = [];
  return {
    get path() {
      return folder();
    },
    key(name, { type = "ed25519", passPhrase = "" } = {}) {
      const file = join(folder(), name);
      ssh(["ssh-keygen", "-q", "-t", type, "-N", passPhrase, "-C", `${name}@example.com`, "-f", file]);
      return { path: file, line: readFileSync(`${file}.pub`, "utf8") };
    },
    async agent() {
      const env = { SSH_AUTH_SOCK: join(folder(), `agent-${agents.length}`) };
      const child = spawn("ssh-agent", ["-D", "-a", env.SSH_AUTH_SOCK], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      agents.push(child);
      await once(child.stdout, "data"); // it says where it listens once it does
      return { env, add: (key) => void ssh(["ssh-add", "-q", key.path], { env }) };
    },
    async remove() {
      for (const agent of agents.splice(0)) {
        const ended = once(agent, "exit");
        if (agent.pid !== undefined) process.kill(agent.pid, "SIGTERM");
        await ended;
      }
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    },
  };
}

/** Runs one of the programs to its end; what it says.
 * @throws {Error} where it fails, with all that it said */
export function ssh(
  [program = "", ...args]: readonly string[],
  { env = {}, input = "" }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): string {
  const { PATH = "" } = process.env;
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    input,
    env: { PATH, ...env },
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** Signs a text as a person would. `from`: what is read is a file, or standard input. */
export function sshSign(
  key: string,
  message: string,
  { namespace = "latchkey", hash = "sha512", from = "stdin", env = {} }: {
    readonly namespace?: string;
    readonly hash?: "sha256" | "sha512";
    readonly from?: "stdin" | "file";
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): string {
  const command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-O", `hashalg=${hash}`, "-f", key];
  if (from === "stdin") return ssh(command, { env, input: message });
  const folder = mkdtempSync(join(tmpdir(), "latchkey-message-"));
  try {
    writeFileSync(join(folder, "message"), message);
    ssh([...command, join(folder, "message")], { env });
    return readFileSync(join(folder, "message.sig"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
