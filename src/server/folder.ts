import { mkdir } from "node:fs/promises";
import { AuthError } from "../errors.ts";

/** What the server keeps for itself, in the directory that it is started in. */
export const FOLDER = ".latchkey";

/** Makes the folder where it is missing, closed to everybody else.
 * @throws {AuthError} `config_invalid` */
export async function makeFolder(): Promise<void> {
  try {
    await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(FOLDER, `cannot be made here: ${messageOf(cause)}`, cause);
  }
}

/** The error that says what is wrong with a file or another part of the configuration. */
export function unusable(path: string, message: string, cause?: unknown): AuthError {
  return new AuthError("config_invalid", { issues: [{ path, message }] }, { cause });
}

/** What an error says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's name for a failure: `EEXIST`, `EADDRINUSE`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
