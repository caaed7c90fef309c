import { join } from "node:path";
import { SLIM, weight, without } from "../../tools/bundling.ts";
import type { Reading, Row } from "../row.ts";

const PEERS = join(import.meta.dirname, "../peers");

/** What importing the library brings, bundled, minified and by gzip, beside the least that peers bring. Of OpenAuth that is the issuer
 * alone; better-auth's e-mail codes, passkeys and password policies would come on top of its least. */
export const row: Row = {
  title: "Size",
  runtimes: ["node"], // it is the same everywhere
  async *measure() {
    const plugins = [SLIM, without("passkey", "key", "password", "devices")];
    yield reading("Latchkey without passkeys, key pairs and passwords", await weight({ plugins }), 45);
    yield reading("Latchkey", await weight(), 60);
    yield reading("better-auth, minimal", await peer("better_auth", 'export * from "better-auth/minimal";'));
    yield reading("better-auth", await peer("better_auth", 'export { betterAuth } from "better-auth";'));
    yield reading("OpenAuth", await peer("openauth", 'export { issuer } from "@openauthjs/openauth";'));
  },
};

function reading(title: string, bytes: number, atMost?: number): Reading {
  const values = [bytes / 1000];
  return {
    is: "reading",
    title: `gzip: ${title}`,
    unit: "KB",
    values,
    ...(atMost !== undefined && { atMost }),
  };
}

async function peer(folder: string, contents: string): Promise<number> {
  return await weight({ stdin: { contents, resolveDir: join(PEERS, folder) }, plugins: [], external: [] });
}
