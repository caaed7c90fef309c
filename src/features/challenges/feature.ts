import { id, object } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import { calls, type Challenges, type Resend } from "./contract.ts";

const routes: Routes<Challenges> = {
  resend: {
    summary: "Mail a new code for a step that is under way",
    access: "anyone",
    input: object<Wire<Resend>>({ challengeId: id() }),
    mails: true,
    limit: "start",
    status: 200,
    errors: ["challenge_invalid", "mail_failed"],
  },
};

/** Steps that wait for something mailed. */
export const challenges: Feature<Challenges, Core, undefined, undefined> = {
  calls,
  routes,
  settings: () => undefined,
  create: ({ mailedSteps }) => ({
    resend: ({ challengeId, client }) => mailedSteps.resend(challengeId, client),
  }),
};
