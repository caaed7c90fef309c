import { email, object, parse } from "../../base/schema.ts";
import type { Feature } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Mail } from "./contract.ts";

const bouncing = object<{ readonly address: string }>({ address: email() });

/** What becomes of mail, for the application's own server code. */
export const mail: Feature<Mail, Core, undefined, undefined, keyof Mail> = {
  calls: {},
  routes: {},
  settings: () => undefined,
  create: ({ mail }) => ({
    async bounced(input) {
      const until = await mail.bounced(parse(bouncing, input).address);
      return { until: new Date(until).toISOString() };
    },
  }),
};
