import { AuthError } from "../errors.ts";
import type { Driver } from "./driver.ts";

const NEEDED = ["getItem", "swap", "entries", "dispose"] as const;
const REMEDY =
  'storage must be a driver with an atomic swap: sqlite({ path }) of "@latchkey/auth/drivers/sqlite", or memory() of ' +
  '"@latchkey/auth/drivers/memory"';

/** What was given as `storage`, if it has the one atomic step that every decision stands on: reading and then writing lets two
 * requests use up one code.
 * @throws {AuthError} `storage_unsafe` */
export function adopt(given: unknown): Driver {
  const missing = NEEDED.find((name) => typeof Object(given)[name] !== "function");
  if (missing === undefined) return given as Driver; // the members that are called were just looked at
  throw new AuthError("storage_unsafe", { remedy: `${REMEDY}. ${named(given)} has no ${missing}` });
}

/** What it is, as far as it says so itself. */
function named(given: unknown): string {
  if (typeof given !== "object" || given === null) return `What was given (${typeof given})`;
  if ("getMount" in given) return "An unstorage Storage";
  return "name" in given && typeof given.name === "string"
    ? `The driver ${JSON.stringify(given.name.slice(0, 40))}`
    : "The object that was given";
}
