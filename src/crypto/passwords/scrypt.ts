import { builtin } from "../../base/builtin.ts";
import { AuthError } from "../../errors.ts";
import type { ScryptRecipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";

interface NodeCrypto {
  scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    length: number,
    options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    done: (error: Error | null, hash: Uint8Array) => void,
  ): void;
}

/** scrypt (RFC 7914) by `node:crypto`, which Node, Deno and Bun have and compute beside the event loop. */
export function scrypt({ recipe, password, salt, length }: Work<ScryptRecipe>): Promise<Uint8Array> {
  const node = builtin<NodeCrypto>("node:crypto");
  if (node === undefined) {
    const message = "needs a runtime with node:crypto for scrypt";
    throw new AuthError("config_invalid", { issues: [{ path: "password.hash", message }] });
  }
  const { ln, blockSize: r, parallelism: p } = recipe;
  const maxmem = 128 * r * (2 ** ln + p + 2); // bytes: what it takes, and no more
  return new Promise((resolve, reject) => {
    node.scrypt(password, salt, length, { N: 2 ** ln, r, p, maxmem }, (error, hash) => {
      if (error === null || error === undefined) resolve(new Uint8Array(hash));
      else reject(error);
    });
  });
}
