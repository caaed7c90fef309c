import type { ClientInfo } from "../model.ts";

/** The client of a request that is served, and what else is known of the request, which no copy of it has. In fields of its own: an entry
 * in a `WeakMap` costs more than most of what is done for a request. */
export class Served implements ClientInfo {
  readonly requestId: string;
  readonly #began: number;
  #kept: unknown;
  #keeper: object | undefined;

  /** `began` is when the request came, in epoch milliseconds. */
  constructor(requestId: string, began: number) {
    this.requestId = requestId;
    this.#began = began;
  }

  /** When the request of a client came; undefined of one that is not served. */
  static began(client: ClientInfo | undefined): number | undefined {
    return client !== undefined && #began in client ? client.#began : undefined;
  }

  /** Keeps something for as long as a client lives; of one that is not served nothing is kept. */
  static keep(client: ClientInfo, keeper: object, something: unknown): void {
    if (#began in client) [client.#keeper, client.#kept] = [keeper, something];
  }

  /** What was kept by the same keeper: a client may be shown to another application. */
  static kept(client: ClientInfo | undefined, keeper: object): unknown {
    return client !== undefined && #began in client && client.#keeper === keeper ? client.#kept : undefined;
  }
}
