import type { Kv } from "@deno/kv";

/** Opens a store as the runtime can: with Deno's own KV, or with the npm package. Bun's v8.serialize is not V8's: there only bytes
 * can be kept, which is all that the driver keeps. */
export async function openKv(path: string): Promise<Kv> {
  const { openKv } = await import("@deno/kv");
  const foreign = () => {
    throw new TypeError("only bytes can be kept in Bun");
  };
  const encoding = "Bun" in globalThis ? { encodeV8: foreign, decodeV8: foreign } : {};
  return await openKv(path, encoding);
}
