import { dirname, normalize } from "node:path";
import open from "../../drivers/open.ts";
import { AuthError, type Driver } from "../../mod.ts";
import { FOLDER, makeFolder, unusable } from "./folder.ts";

/** Opens the store that a checked option names. For a file, our own folder is made; any other is its owner's to make. (`fs` makes
 * its folder itself.)
 * @throws {AuthError} what its driver throws */
export async function openStore(storage: string): Promise<Driver> {
  const [, path] = /^(?:sqlite|deno-kv):(.+)$/s.exec(storage) ?? [];
  if (path !== undefined && dirname(normalize(path)) === FOLDER) await makeFolder();
  try {
    return await open(storage);
  } catch (error) {
    const issue = error instanceof AuthError ? error.details?.issues?.[0] : undefined;
    throw issue === undefined ? error : unusable("storage", issue.message, error); // by the name that it has here
  }
}

/** A store's url as everybody may see it: without user and password. */
export function shown(storage: string): string {
  return storage.replace(/^((?:[a-z-]+:)+\/\/).*@/s, "$1");
}
