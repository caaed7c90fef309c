import { AuthError } from "../../src/errors.ts";

/** What the disk said no to. What we throw ourselves stays as it is. */
export function failure(path: string, cause: unknown): Error {
  if (cause instanceof AuthError || cause instanceof TypeError) return cause;
  return unavailable(`${path}: ${messageOf(cause)}`, cause);
}

/** The error for a store that does not answer. */
export function unavailable(remedy: string, cause?: unknown): AuthError {
  return new AuthError("storage_unavailable", { remedy }, { cause });
}

/** The error for a file that is not as we write them. */
export function corrupt(path: string, what: string, cause?: unknown): AuthError {
  return new AuthError("storage_corrupt", { remedy: `the file ${path} ${what}` }, { cause });
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error of the file system has this name. */
export function hasCode(error: unknown, code: "ENOENT" | "EEXIST"): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
