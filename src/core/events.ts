import { told } from "../base/hidden.ts";
import { iso } from "../base/iso.ts";
import { unfailing } from "../base/unfailing.ts";
import { AuthError } from "../errors.ts";
import {
  type AuthEvent,
  type EventFields,
  type EventName,
  EVENTS,
  type Level,
  type Logger,
} from "../events.ts";
import type { ClientInfo } from "../model.ts";
import type { Platform } from "../platform.ts";
import { Served } from "./served.ts";

/** Tells what happened: to listeners, and to the log. Nobody who listens can fail or hold up what is told of. */
export interface Events {
  /** Tells an event, after its swap. `client`: where the request came from that it came of. */
  readonly emit: <N extends EventName>(name: N, fields: EventFields[N], client?: ClientInfo) => void;
  /** Makes events of a plug-in known, by their whole names. */
  readonly add: (levels: Readonly<Record<string, Level>>) => void;
  /** Tells one of those. */
  readonly emitOwn: (name: string, fields: object, client?: ClientInfo) => void;
  /** Calls `listener` for each event of a name, until the function that it returns is called.
   * @throws {AuthError} `input_invalid` for an event that there is not */
  readonly on: <N extends EventName>(name: N, listener: Listener<N>) => () => void;
  /** The client of a request that begins to be served: with it, events tell how long that took. */
  readonly began: (requestId: string) => ClientInfo;
}

/** What is called with an event. */
export type Listener<N extends EventName> = (event: AuthEvent<N>) => void | Promise<void>;

/** What events stand on. */
export interface Told {
  readonly logger: Logger | null;
  readonly service: string;
}

/** The events of one `createAuth`. */
export function events({ now }: Pick<Platform, "now">, { logger, service }: Told): Events {
  const listeners = new Map<string, Set<(event: never) => unknown>>();
  const levels: Record<string, Level> = { ...EVENTS };

  const log = (event: { readonly event: EventName }) =>
    void unfailing(() => logger?.[levels[event.event] as Level]?.({ service, ...event }));

  const emit: Events["emit"] = (name, fields, client) => void unfailing(() => tell(name, fields, client));

  const tell: Events["emit"] = (name, fields, client) => {
    if (logger === null && !listeners.has(name)) return; // most servers listen to few
    const at = now();
    const start = Served.began(client);
    const event = {
      event: name,
      at: iso(at),
      ...(client?.requestId != null && { requestId: client.requestId }),
      ...(start !== undefined && { durationMs: at - start }),
      ...Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, fit(field, value)])),
    };
    Object.freeze(event);
    log(event as typeof event & { event: EventName });
    for (const listener of [...listeners.get(name) ?? []]) {
      void unfailing(() => listener(event as never), (cause) =>
        // it was registered for this name
        log({
          ...event,
          event: "error",
          code: "listener",
          message: `a listener to ${name} failed`,
          cause: told(cause),
        } as AuthEvent<"error">));
    }
  };

  return {
    emit,
    add: (own) => void Object.assign(levels, own),
    emitOwn(name, fields, client) {
      void unfailing(() => {
        // What every event says is not the plug-in's to say.
        const { event: _, at: __, requestId: ___, durationMs: ____, ...own }: Record<string, unknown> = {
          ...fields,
        };
        tell(name as "error", own as unknown as EventFields["error"], client); // it was made known
      });
    },
    on(name, listener) {
      if (!Object.hasOwn(levels, name)) {
        throw wrong("event", `must be one of ${Object.keys(levels).join(", ")}`);
      }
      if (typeof listener !== "function") throw wrong("listener", "must be a function");
      const all = listeners.get(name) ?? new Set();
      listeners.set(name, all.add(listener));
      return () => void all.delete(listener);
    },
    began: (requestId) => new Served(requestId, now()),
  };
}

function wrong(path: string, message: string): AuthError {
  return new AuthError("input_invalid", { issues: [{ path, message }] });
}

/** What is told may be anybody's to change, in a list too: so nobody gets one that is still in use. */
function fit(field: string, value: unknown): unknown {
  if (field === "cause") return told(value);
  return Array.isArray(value) ? Object.freeze([...value]) : value;
}
