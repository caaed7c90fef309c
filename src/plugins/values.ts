import { canonicalEmail } from "../base/email.ts";
import type { PluginValue } from "./contract.ts";

/** What an account may be found by. */
export interface Value {
  readonly type: string;
  readonly value: string;
}

const LONGEST = 256; // characters

/** A value of a plug-in: of its own kind, or an e-mail address.
 * @throws {TypeError} for anything else: its one form is the plug-in's to make, and to check */
export function valueOf(plugin: string, given: PluginValue): Value {
  if (typeof given === "object" && given !== null) {
    const email = canonicalEmail(given.email);
    if (email === null) throw new TypeError("a value is no e-mail address");
    return { type: "email", value: email };
  }
  const plain = typeof given === "string" && given !== "" && given.length <= LONGEST &&
    given.isWellFormed() && !/\p{Cc}/u.test(given);
  if (!plain) throw new TypeError(`a value is a line of 1 to ${LONGEST} characters`);
  return { type: plugin, value: given };
}
