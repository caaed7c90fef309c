// Copies everything from one store into another, empty one, while nobody writes: stop the application, copy, start it on the new store.
//
//     node examples/move_store.ts sqlite:auth.db redis://localhost:6379
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Driver } from "@latchkey/auth";
import open from "@latchkey/auth/drivers/open";

/** How many records were copied. What has expired stays behind.
 * @throws {Error} where the new store is not empty: two stores are never mixed */
export async function moveStore(from: Driver, to: Driver, now: () => number = Date.now): Promise<number> {
  for await (const [key] of to.entries("")) throw new Error(`the new store is not empty: it has ${key}`);
  let copied = 0;
  for await (const [key, text] of from.entries("")) {
    const exp = expiryOf(text);
    const ttl = exp === undefined ? {} : { ttl: Math.ceil((exp - now()) / 1000) };
    if (exp !== undefined && exp <= now()) continue;
    await to.setItem(key, text, ttl);
    copied++;
  }
  return copied;
}

/** Every record is a JSON object, and says itself when it expires. What is none is somebody else's, and goes along. */
function expiryOf(text: string): number | undefined {
  try {
    const { exp } = JSON.parse(text);
    return typeof exp === "number" ? exp : undefined;
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [from, to] = await Promise.all(process.argv.slice(2, 4).map(open));
  if (from === undefined || to === undefined) throw new Error("two stores are needed: from, to");
  console.log(`${await moveStore(from, to)} records were copied.`);
  await Promise.all([from.dispose(), to.dispose()]);
}
