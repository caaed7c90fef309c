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
  create: ({ accounts, events, mail }) => ({
    async bounced(input) {
      const { address } = parse(bouncing, input);
      const until = await mail.bounced(address);
      const owner = await accounts.find({ type: "email", value: address });
      events.emit("mail.bounced", owner === null ? {} : { userId: owner.uid });
      return { until: new Date(until).toISOString() };
    },
  }),
};
