/** Where this runs. What takes long and is the same everywhere is tried at its full length on Node. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";
