// An issuer of access tokens on a real server, which counts how often it is asked for its keys, and answers what a test wants.
import type { ServerResponse } from "node:http";
import memory from "../../drivers/memory.ts";
import { type Auth, createAuth } from "../../mod.ts";
import { type NodeListener, toNodeListener } from "../../src/doors/node.ts";
import { createVerifier, type Verifier, type VerifierOptions } from "../../src/doors/verify.ts";
import { type Clock, clock } from "../../src/testing/clock.ts";
import { listening } from "./listening.ts";

export interface Issuer {
  readonly url: string;
  readonly clock: Clock;
  readonly auth: Auth;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
  /** What was warned of. */
  readonly log: readonly string[];
  /** Answers in the place of the issuer, until it is said otherwise. */
  readonly answers: (listener: NodeListener | null) => void;
  /** Resolves with the next request, which stays unanswered. */
  readonly hangs: () => Promise<ServerResponse>;
  /** Signs with new keys from now on, and publishes them. */
  readonly rotate: () => Promise<void>;
  /** An access token of somebody new. */
  readonly token: () => Promise<string>;
  /** A verifier of its tokens, with a clock and a log of its own. */
  readonly verifier: (options?: Partial<VerifierOptions>) => Verifier;
}

export async function issuer(
  jwt: { readonly algorithm?: "EdDSA" | "ES256" | "HS256" } = {},
): Promise<Issuer> {
  const time = clock();
  const asked: string[] = [];
  const log: string[] = [];
  let listener: NodeListener | null = null;
  let people = 0;
  const port = await listening((incoming, outgoing) => {
    asked.push(incoming.url ?? "");
    (listener ?? toNodeListener(auth.handler))(incoming, outgoing);
  });
  const url = `http://127.0.0.1:${port}`;
  const make = () =>
    createAuth({
      storage: memory({ now: time.now }),
      secret: "a-secret-of-32-characters-or-more",
      baseUrl: url,
      platform: { now: time.now, sleep: time.sleep },
      jwt,
    });
  let auth: Auth = make();
  const answers: Issuer["answers"] = (given) => void (listener = given);
  return {
    url,
    clock: time,
    get auth() {
      return auth;
    },
    asked,
    log,
    answers,
    hangs: () => new Promise((resolve) => answers((_, outgoing) => resolve(outgoing))),
    async rotate() {
      await auth.close();
      auth = make();
    },
    async token() {
      const { id: userId } = await auth.users.create({ email: `somebody-${people++}@example.com` });
      const { accessToken = "" } = await auth.sessions.create({ userId, session: "bearer" });
      return accessToken;
    },
    verifier: ({ platform, ...options } = {}) =>
      createVerifier({
        issuer: url,
        audience: url,
        ...options,
        platform: {
          now: time.now,
          sleep: time.sleep,
          log: { warn: (message) => log.push(message) },
          ...platform,
        },
      }),
  };
}
