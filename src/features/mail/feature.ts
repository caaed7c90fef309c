import { lazy } from "../../base/lazy.ts";
import type { Feature } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Mail } from "./contract.ts";

/** What becomes of mail, for the application's own server code. */
export const mail: Feature<Mail, Core, undefined, undefined, keyof Mail> = {
  calls: {},
  routes: {},
  settings: () => undefined,
  create: (core) => lazy({ bounced: true }, async () => (await import("./methods.ts")).methods(core)),
};
