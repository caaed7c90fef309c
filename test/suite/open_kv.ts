import type { Kv } from "@deno/kv";

/** Whether there is a Deno KV here: Deno has one, and Node the package @deno/kv. Its native module crashes Bun 1.4.5 when a worker
 * thread ends that has loaded it. */
export const hasKv: boolean = !("Bun" in globalThis);

/** Opens a store by the package. */
export async function openKv(path: string): Promise<Kv> {
  const { openKv } = await import("@deno/kv");
  return await openKv(path);
}
