// A plug-in: signing in by a code that comes as a text message.
//
//     const auth = createAuth({ …, plugins: [sms({ send: (to, text) => gateway.send(to, text) })] });
//     const { challengeId } = await auth.sms.start({ number: "+49 151 23456789" });
//     const { user } = await auth.sms.verify({ challengeId, code });
import type { Grant, MailedStep, MaybeCaller, SessionMode } from "@latchkey/auth";
import {
  definePlugin,
  id,
  object,
  oneOf,
  optional,
  type PluginFactory,
  text,
  type Wire,
} from "@latchkey/auth/plugin";

export interface SmsOptions {
  /** Sends a text message; rejects where it could not. */
  readonly send: (to: string, text: string) => Promise<unknown>;
  /** How numbers must begin: messages to some countries cost more than they are worth. @default {["+"]} */
  readonly prefixes?: readonly string[];
  /** Whether a number that nobody has becomes an account. @default {true} */
  readonly signUp?: boolean;
  /** Digits of a code, 6 to 10. @default {6} */
  readonly length?: number;
}

export interface Sms {
  /** Sends a code. */
  start(input: SmsStart): Promise<MailedStep>;
  /** Trades it for a session. */
  verify(input: SmsVerify): Promise<Grant>;
  /** The number of a user, for the application's own server code. */
  numberOf(input: { readonly id: string }): Promise<string | null>;
}

export interface SmsStart {
  readonly number: string;
  readonly client?: MaybeCaller["client"];
}

export interface SmsVerify extends MaybeCaller {
  readonly challengeId: string;
  readonly code: string;
  readonly session?: SessionMode | undefined;
  readonly audience?: string | undefined;
}

export const sms: PluginFactory<"sms", Sms, SmsOptions> = definePlugin({
  name: "sms",
  calls: { start: "POST /sms/start", verify: "POST /sms/verify" },
  routes: {
    start: {
      summary: "Send a code to a phone",
      access: "anyone",
      input: object<Wire<SmsStart>>({ number: text({ min: 5, max: 32 }) }),
      limit: "start",
      status: 200,
      errors: ["mail_failed", "sms.number_invalid", "sms.number_refused"],
    },
    verify: {
      summary: "Trade a code for a session",
      access: "anyone",
      session: "starts",
      input: object<Wire<SmsVerify>>({
        challengeId: id(),
        code: text({ min: 1, max: 32 }),
        session: optional(oneOf("cookie", "bearer")),
        audience: optional(text({ min: 1, max: 256 })),
      }),
      limit: "proof",
      status: 200,
      errors: ["code_invalid", "challenge_invalid", "sign_in_denied"],
    },
  },
  errors: {
    number_invalid: [400, "The number must begin with + and the country's code."],
    number_refused: [403, "Messages are not sent to this number."],
  },
  options({ send, prefixes = ["+"], ...options }: SmsOptions, report) {
    if (typeof send !== "function") report.add("send", "must be a function (to, text)");
    const signUp = report.flag("signUp", options.signUp, true);
    const length = report.integer("length", options.length, { min: 6, max: 10, fallback: 6 });
    return { send, prefixes, signUp, length };
  },
  create(tools, { send, prefixes, signUp, length }): Sms {
    const steps = tools.steps({
      amr: ["otp", "sms"],
      everybody: signUp,
      length,
      ttl: 600,
      attempts: 5,
      resendAfter: 60,
      deliver: async ({ to, code }) => void await send(to, `Your code for ${tools.origin} is ${code}.`),
    });
    return {
      async start({ number, client }) {
        const to = number.replace(/[\s().-]/g, ""); // the one form of a number is E.164's
        if (!/^\+[1-9]\d{6,14}$/.test(to)) throw tools.error("number_invalid");
        if (!prefixes.some((prefix) => to.startsWith(prefix))) throw tools.error("number_refused");
        return await steps.start({ to, client });
      },
      verify: (input) => steps.signIn(input),
      numberOf: async (input) => (await tools.valuesOf(input.id))[0] ?? null,
    };
  },
});
