import type { BcryptRecipe } from "../../protocol/phc.ts";
import type { Work } from "./work.ts";
import { inThread } from "./wasm.ts";

const MOST = 72; // bytes of a password that bcrypt looks at

/** bcrypt, by WebAssembly in a thread: for hashes from elsewhere. What follows the 72nd byte counts as little as it did there. */
export function bcrypt(work: Work<BcryptRecipe>): Promise<Uint8Array> {
  const looked = work.password.subarray(0, MOST);
  return inThread({ ...work, password: looked.length > 0 ? looked : new Uint8Array(1) }); // what is empty is its final NUL
}
