import { link, open, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { base64url } from "../base/encoding.ts";
import { machine } from "../platform.ts";
import { codeOf, FOLDER, makeFolder, messageOf, unusable } from "./folder.ts";

/** Where the secret is kept that the server made itself. */
export const SECRET_FILE: string = `${FOLDER}/secret`;

/** The secrets of a text: several are separated by commas; the first one seals and signs. */
export function secretsOf(text: string): readonly string[] {
  return text.split(",").map((secret) => secret.trim());
}

/** The secrets in the file, which is made where it is missing. Of two processes that make it at once, both get the same.
 * @throws {AuthError} `config_invalid` where it cannot be read, or others can read it too */
export async function secretFile(): Promise<readonly string[]> {
  const found = await read();
  if (found !== null) return found;
  await makeFolder();
  try {
    await make();
  } catch (cause) {
    throw unusable(SECRET_FILE, `cannot be made: ${messageOf(cause)}`, cause);
  }
  return await read() ?? [];
}

/** It is there whole or not at all: written under another name, then linked to its own, which fails if there is one. */
async function make(): Promise<void> {
  const draft = `${SECRET_FILE}.${base64url(machine.random(9))}`;
  try {
    await writeFile(draft, `${base64url(machine.random(32))}\n`, { flag: "wx", mode: 0o600 });
    await link(draft, SECRET_FILE);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error; // else another process was faster, and its secret is ours
  } finally {
    await rm(draft, { force: true });
  }
}

/** Null where there is none. */
async function read(): Promise<readonly string[] | null> {
  let file;
  try {
    file = await open(SECRET_FILE);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw unusable(SECRET_FILE, `cannot be read: ${messageOf(error)}`, error);
  }
  try {
    const { mode } = await file.stat(); // of the file that is open, whatever the name means by now
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw unusable(SECRET_FILE, `can be used by others than its owner: run \`chmod 600 ${SECRET_FILE}\``);
    }
    return secretsOf(await file.readFile("utf8"));
  } finally {
    await file.close();
  }
}
