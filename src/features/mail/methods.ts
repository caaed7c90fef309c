import { iso } from "../../base/iso.ts";
import { email, object, parse } from "../../base/schema.ts";
import type { Core } from "../../core/core.ts";
import type { Mail } from "./contract.ts";

const bouncing = object<{ readonly address: string }>({ address: email() });

/** The methods. */
export function methods({ accounts, events, mail }: Core): Mail {
  return {
    async bounced(input) {
      const { address } = parse(bouncing, input);
      const until = await mail.bounced(address);
      const owner = await accounts.find({ type: "email", value: address });
      events.emit("mail.bounced", owner === null ? {} : { userId: owner.uid });
      return { until: iso(until) };
    },
  };
}
