// A key pair as somebody has it on their machine: in a file, or in an agent.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePublicKey } from "../protocol/key_pairs.ts";
import { parsePrivateKey, signMessage } from "../protocol/key_pairs_private.ts";
import { NAMESPACE } from "../protocol/key_pairs_signed.ts";
import { codeOf, messageOf, unusable } from "./folder.ts";

/** A key pair that can be asked for a signature. */
export interface Signer {
  /** The public key in its one form. */
  readonly key: string;
  /** Signs a message, bare or as SSH does.
   * @throws {AuthError} `config_invalid` where the key cannot be used */
  readonly sign: (message: string) => Promise<string>;
}

/** The key pair that a path leads to: the file of a private key, or that of a public one whose private one `ssh-keygen` finds, in an
 * agent or beside it. `ssh-keygen` signs where it is installed; in PKCS #8 not all of its versions read a key, so that one never has to.
 * @throws {AuthError} `config_invalid` */
export async function signerOf(path: string): Promise<Signer> {
  const text = await textOf(path);
  const held = await parsePrivateKey(text);
  const key = held?.key ?? parsePublicKey(text)?.key;
  if (key === undefined) throw unusable(path, flawOf(text));
  const own = held?.pkcs8 ?? null;
  const byUs = own === null ? null : (message: string) => signMessage(own, message);
  const isForSsh = !text.includes("BEGIN PRIVATE KEY");
  return { key, sign: isForSsh || byUs === null ? (message) => bySsh(path, message, byUs) : byUs };
}

/** Where there is no private key, the public one may be: the other is kept by an agent. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const beside = codeOf(cause) === "ENOENT"
      ? await readFile(`${path}.pub`, "utf8").catch(() => null)
      : null;
    if (beside !== null) return beside;
    throw unusable(path, `cannot be read: ${messageOf(cause)}`, cause);
  }
}

function flawOf(text: string): string {
  return text.includes("BEGIN ENCRYPTED PRIVATE KEY")
    ? "has a pass phrase, in a form that ssh-keygen does not read: `openssl pkey -in FILE -out OTHER` takes it off"
    : "holds no Ed25519 key: `ssh-keygen -t ed25519` makes one";
}

/** What ssh-keygen signs, it reads from a file: standard input is for the pass phrase. */
async function bySsh(
  path: string,
  message: string,
  otherwise: ((message: string) => Promise<string>) | null,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-"));
  try {
    const file = join(folder, "message");
    await writeFile(file, message);
    const flaw = await sshKeygen(["-q", "-Y", "sign", "-n", NAMESPACE, "-f", path, file]);
    if (flaw === null) return await readFile(`${file}.sig`, "utf8");
    if (flaw !== MISSING) throw unusable("ssh-keygen", `cannot sign with ${path}: ${flaw}`);
    if (otherwise !== null) return await otherwise(message);
    throw unusable("ssh-keygen", `must be installed to sign with ${path}: ${UNREADABLE}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const MISSING = "ENOENT";
const UNREADABLE = "the private key has a pass phrase or is in an agent";

/** Null where it succeeds, `MISSING` where there is none, else what it says. Pass phrases are asked for in the terminal. */
function sshKeygen(args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn("ssh-keygen", args, { stdio: ["inherit", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (part) => said += part);
    child.on("error", (error) => resolve(codeOf(error) === MISSING ? MISSING : messageOf(error)));
    child.on(
      "close",
      (status) => resolve(status === 0 ? null : sentenceOf(said) || `it ended with ${status}`),
    );
  });
}

/** Without its banners. */
function sentenceOf(said: string): string {
  return said.replace(/^@.*$/gm, "").replace(/[\p{C}\s]+/gu, " ").trim();
}
