import type { Report } from "../../base/report.ts";
import { email, id, object, oneOf, optional, text } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Recipe } from "../../core/mailed_steps.ts";
import { AuthError } from "../../errors.ts";
import {
  calls,
  type EmailOtp,
  type EmailOtpOptions,
  type EmailOtpStart,
  type EmailOtpVerify,
} from "./contract.ts";
import { STEP_RANGES as RANGES } from "../../options/steps.ts";

/** The options of `emailOtp` after all checks. Times are in seconds. */
export interface EmailOtpSettings {
  readonly signUp: boolean;
  readonly length: number;
  readonly ttl: number;
  readonly attempts: number;
  readonly resendAfter: number;
}

function settings(given: true | EmailOtpOptions, report: Report): EmailOtpSettings {
  const members = ["signUp", "length", "ttl", "attempts", "resendAfter"] as const;
  const options = report.object("emailOtp", given === true ? undefined : given, members);
  const ttl = report.duration("emailOtp.ttl", options.ttl, RANGES.ttl);
  const resendAfter = report.duration("emailOtp.resendAfter", options.resendAfter, RANGES.resendAfter);
  if (resendAfter > ttl) report.add("emailOtp.resendAfter", "must not be longer than emailOtp.ttl");
  return {
    signUp: report.flag("emailOtp.signUp", options.signUp, true),
    length: report.integer("emailOtp.length", options.length, RANGES.length),
    ttl,
    attempts: report.integer("emailOtp.attempts", options.attempts, RANGES.attempts),
    resendAfter,
  };
}

const routes: Routes<EmailOtp> = {
  start: {
    summary: "Send a code to an e-mail address",
    access: "anyone",
    input: object<Wire<EmailOtpStart>>({ email: email() }),
    mails: true,
    limit: "start",
    status: 200,
    errors: ["mail_failed"],
  },
  verify: {
    summary: "Trade a code for a session",
    access: "anyone",
    session: "starts",
    input: object<Wire<EmailOtpVerify>>({
      challengeId: id(),
      code: text({ min: 1, max: 32 }),
      session: optional(oneOf("cookie", "bearer")),
      audience: optional(text({ min: 1, max: 256 })),
    }),
    limit: "proof",
    status: 200,
    errors: ["code_invalid", "challenge_invalid", "sign_in_denied"],
  },
};

function create(
  { accounts, mailedSteps, signIn }: Core,
  { signUp, length, ...settings }: EmailOtpSettings,
): EmailOtp {
  const recipe: Recipe = {
    kind: "emailOtp.code",
    label: "email-otp",
    ...settings,
    brings: { digits: length },
    everybody: signUp,
  };
  mailedSteps.add(recipe);
  return {
    async start({ email, client }) {
      const owner = await accounts.find({ type: "email", value: email });
      const silent = owner === null && !signUp;
      return await mailedSteps.start(recipe, { subject: email, owner, silent, client });
    },
    async verify({ challengeId, code, session, audience, client, userId, sessionId }) {
      signIn.mode(session, audience); // a way of carrying it that is off costs no guess
      const answered = await mailedSteps.answer(recipe, challengeId, { code, client });
      if (answered.is === "gone") throw new AuthError("challenge_invalid");
      if (answered.is === "sealed") throw new AuthError("secret_unknown");
      if (answered.is === "wrong") {
        throw new AuthError("code_invalid", { attemptsLeft: answered.attemptsLeft });
      }
      const proof = { value: { type: "email", value: answered.subject }, noted: answered.noted } as const;
      return await signIn.finish(proof, {
        session,
        audience,
        amr: ["otp", "email"],
        client,
        replaces: { userId, sessionId },
        paid: answered.paid,
      });
    },
  };
}

/** Signing in with a code sent by e-mail. */
export const emailOtp: Feature<EmailOtp, Core, true | EmailOtpOptions, EmailOtpSettings> = {
  calls,
  routes,
  mails: { "emailOtp.code": async () => (await import("./mails.ts")).codeMail },
  settings,
  create,
};
