// Passwords hashed at no cost: what a flow shows of them does not depend on how long that takes.
import { sha256Text } from "../../src/base/hash.ts";
import type { PasswordOptions } from "../../src/features/password/options.ts";

/** The hash of a password, as these tests have it. */
export function quick(password: string): string {
  return `quick:${sha256Text(password)}`;
}

/** The option `password` of tests: hashes of one step. */
export const PASSWORD: PasswordOptions = {
  hash: { hash: quick, verify: (password, kept) => quick(password) === kept },
};

/** The page on which somebody chooses a new one. */
export const LINKS = { reset: "http://localhost:3000/reset" } as const;

/** The same, where links must lead to a page of the application's own too. */
export const BEARER_LINKS: typeof LINKS & { readonly magicLink: string } = {
  ...LINKS,
  magicLink: "http://localhost:3000/link",
};
