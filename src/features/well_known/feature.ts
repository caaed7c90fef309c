import { object } from "../../base/schema.ts";
import type { Feature, Routes } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { PUBLISHED_FOR } from "../../protocol/algorithms.ts";
import { calls, type WellKnown } from "./contract.ts";

const nothing = object<Record<never, never>>({});

const routes: Routes<WellKnown> = {
  jwks: {
    summary: "Get the public keys of access tokens",
    access: "anyone",
    input: nothing,
    status: 200,
    maxAge: PUBLISHED_FOR,
    errors: [],
  },
  health: {
    summary: "Ask whether the store answers",
    access: "anyone",
    input: nothing,
    status: 200,
    errors: [],
  },
  openapi: {
    summary: "Get this description of all routes",
    access: "anyone",
    input: nothing,
    status: 200,
    maxAge: PUBLISHED_FOR,
    errors: [],
  },
};

/** What anybody may know. */
export const wellKnown: Feature<WellKnown, Core, undefined, undefined> = {
  calls,
  routes,
  settings: () => undefined,
  create: ({ signingKeys, ask, openapi }) => ({
    openapi: async () => await openapi(),
    jwks: () => signingKeys.jwks(),
    async health() {
      await ask();
      return { status: "ok" };
    },
  }),
};
