import { lazy } from "../../base/lazy.ts";
import type { Feature } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Users } from "./contract.ts";

/** Accounts, for the application's own server code. */
export const users: Feature<Users, Core, undefined, undefined, keyof Users> = {
  calls: {},
  routes: {},
  settings: () => undefined,
  create: (core) =>
    lazy(
      { create: true, get: true, find: true, update: true, remove: true },
      async () => (await import("./methods.ts")).methods(core), // few processes need them
    ),
};
