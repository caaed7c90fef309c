/** The stand-alone server: sign-in by e-mailed code over HTTP, with a page to try it on.
 * @example Usage
 * ```ts
 * import { startServer } from "@latchkey/auth/server";
 *
 * const secret = "a-secret-of-32-characters-or-more";
 * const server = await startServer({ port: 0, storage: "memory:", secret });
 * const { status } = await (await fetch(`${server.url}/auth/health`)).json(); // "ok"
 * await server.close();
 * ```
 * @module */
export { type RunningServer, startServer } from "../server/server.ts";
export type { ServerOptions } from "../server/settings.ts";
