import { id, maybeText, object, optional, parse } from "./base/schema.ts";
import type { AnyRoute, Call, MaybeCaller } from "./contract.ts";
import { AuthError } from "./errors.ts";
import type { ClientInfo } from "./model.ts";

/** A method as the handler calls it: what travelled, and who calls, which the handler has found out itself. */
export type Run = (sent: object, caller: MaybeCaller) => Promise<unknown>;

/** A method as a feature makes it. */
export type Method = (input: object) => Promise<unknown>;

/** A route with the method behind it. */
export interface Endpoint {
  /** `feature.method` */
  readonly name: string;
  readonly call: Call;
  readonly route: AnyRoute;
  /** Whether it is to know where a request comes from. */
  readonly asksWhere: boolean;
  readonly run: Run;
}

const callers = object<Omit<MaybeCaller, "client">>({ userId: optional(id()), sessionId: optional(id()) });
const clients = object<ClientInfo>({
  ip: optional(maybeText()),
  userAgent: optional(maybeText()),
  locale: optional(maybeText()),
  device: optional(maybeText()),
  links: optional(maybeText()),
  requestId: optional(maybeText()),
});

/** Checks what a method is given, for both ways in: what travels by the route's schema, which knows no caller, so that none can be
 * said over the wire; and that somebody calls where the route demands it. `ready` has to pass first. */
export function checked(route: AnyRoute, method: Method, ready: () => void | Promise<void>): Run {
  const demands = route.access !== "anyone" && route.access !== "optional"; // what it does not know it keeps shut
  return async (sent, { userId, sessionId, client }) => {
    const input = parse(route.input, sent);
    if (demands && userId === undefined) {
      throw new AuthError("input_invalid", { issues: [{ path: "userId", message: "is required" }] });
    }
    if (route.access === "optional" && (userId === undefined) !== (sessionId === undefined)) {
      const path = userId === undefined ? "userId" : "sessionId";
      throw new AuthError("input_invalid", {
        issues: [{ path, message: "is required beside the other id" }],
      });
    }
    await ready();
    return await method({ ...input, userId, sessionId, client });
  };
}

/** The same for the application's own code, which says all in one object, and whose word for who calls has to be one. */
export function local(run: Run): Method {
  return async (input) => {
    const { userId, sessionId, client, ...sent }: MaybeCaller = Object(input);
    if (userId !== undefined || sessionId !== undefined) parse(callers, { userId, sessionId });
    if (client !== undefined) parse(clients, client);
    return await run(sent, { userId, sessionId, client });
  };
}

/** A method without a route: it checks its own input, but for where the request came from. */
export function unrouted(method: Method, ready: () => void | Promise<void>): Method {
  return async (input) => {
    const { client }: MaybeCaller = Object(input);
    if (client !== undefined) parse(clients, client);
    await ready();
    return await method(Object(input));
  };
}
