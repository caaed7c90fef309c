import { id, object } from "../../base/schema.ts";
import { lazy } from "../../base/lazy.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { calls, type Devices, type OneDevice } from "./contract.ts";

const routes: Routes<Devices> = {
  list: {
    summary: "List the devices that are remembered",
    access: "session",
    input: object<Record<never, never>>({}),
    status: 200,
    errors: ["not_found"],
  },
  remove: {
    summary: "Forget a device",
    access: "session",
    input: object<Wire<OneDevice>>({ id: id() }),
    limit: "proof",
    status: 204,
    errors: ["not_found", "forbidden"],
  },
};

/** The devices that accounts remember. */
export const devices: Feature<Devices, Core, undefined, undefined> = {
  calls,
  routes,
  settings: () => undefined,
  create: (core) => lazy(calls, async () => await (await import("./methods.ts")).methods(core)), // few requests need them
};
