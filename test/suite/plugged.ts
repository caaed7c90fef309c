import { AuthError } from "../../src/errors.ts";
import type { FullAuth } from "./client.ts";
import { BASE_URL, type World } from "./world.ts";

/** Calls a plug-in's method, or the route that is the same. */
export interface Plugged {
  readonly call: <T>(method: string, address: string, input: object) => Promise<T>;
  /** What goes with each request. */
  readonly headers: Headers;
}

/** Somebody new at a server, who calls the methods of a plug-in as the world has it: by method or over HTTP. */
export function plugged({ via, sent: sends }: World, auth: FullAuth): Plugged {
  const headers = new Headers({ origin: BASE_URL, "user-agent": "a test" });
  return {
    headers,
    async call<T>(operation: string, address: string, input: object): Promise<T> {
      if (via === "method") {
        const [plugin = "", method = ""] = operation.split(".");
        const methods = auth as unknown as Record<string, Record<string, (input: object) => Promise<T>>>; // by name
        return await methods[plugin]![method]!({ ...input, client: { userAgent: "a test" } });
      }
      sends(input);
      const [method = "", path = ""] = address.split(" ");
      const sent = new Headers(headers);
      sent.set("content-type", "application/json");
      const response = await auth.handler(
        new Request(`${BASE_URL}/auth${path}`, { method, headers: sent, body: JSON.stringify(input) }),
      );
      const body = await response.json();
      if (!response.ok) throw new AuthError(body.code, body.details, { row: [body.status, body.message] });
      const [cookie] = response.headers.getSetCookie();
      if (cookie !== undefined) headers.set("cookie", cookie.split(";")[0]!);
      return body;
    },
  };
}
