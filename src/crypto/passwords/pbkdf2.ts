import type { Pbkdf2Recipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";

/** PBKDF2 (RFC 8018 section 5.2) by WebCrypto, which every runtime has and computes beside the event loop. */
export async function pbkdf2({ recipe, password, salt, length }: Work<Pbkdf2Recipe>): Promise<Uint8Array> {
  const { subtle } = crypto;
  const key = await subtle.importKey("raw", Uint8Array.from(password), "PBKDF2", false, ["deriveBits"]);
  const algorithm = {
    name: "PBKDF2",
    hash: recipe.digest,
    salt: Uint8Array.from(salt),
    iterations: recipe.passes,
  };
  return new Uint8Array(await subtle.deriveBits(algorithm, key, length * 8));
}
