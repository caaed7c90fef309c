import { deadline } from "../base/deadline.ts";
import { keepBack } from "../base/hidden.ts";
import { report } from "../base/report.ts";
import { AuthError } from "../errors.ts";
import type { Core } from "../core/core.ts";
import type { Noted } from "../core/challenges.ts";
import type { Paid } from "../core/guesses.ts";
import type { Recipe } from "../core/mailed_steps.ts";
import type { Grant } from "../model.ts";
import type { Delivery, PluginValue, Proof, SignInHow, StepAnswer, StepOptions, Steps } from "./contract.ts";
import { type Value, valueOf } from "./values.ts";
import { STEP_RANGES as RANGES } from "../options/steps.ts";

/** Who was proven to have what, as of when; and the guess that it took, if one was paid for. */
export interface Proven {
  readonly value: Value;
  readonly noted: Noted;
  readonly paid: Paid | null;
}

/** What steps stand on. */
export interface StepGround {
  readonly core: Core;
  /** The plug-in. */
  readonly plugin: string;
  /** Keeps what was proven, and answers what stands for it. */
  readonly proven: (proven: Proven) => Proof;
  readonly signIn: (proof: Proof, how: SignInHow) => Promise<Grant>;
}

const PATIENCE = 30_000; // ms
const NAME = "code";
const MEMBERS = ["name", "deliver", "everybody", "amr", "length", "ttl", "attempts", "resendAfter"] as const;
/** The options after all checks: those of sign-in by mail have the same ranges. They may be the user's own.
 * @throws {AuthError} `config_invalid` */
function checked(plugin: string, given: StepOptions) {
  const path = `plugins.${plugin}.steps`;
  const found = report();
  const options = found.object(path, given ?? null, MEMBERS);
  const { name = NAME, deliver, everybody, amr } = options;
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9]{0,31}$/.test(name)) {
    found.add(`${path}.name`, "must be a letter, then up to 31 letters and digits");
  }
  if (typeof deliver !== "function") found.add(`${path}.deliver`, "must be a function (delivery)");
  if (typeof everybody !== "boolean") found.add(`${path}.everybody`, "must be true or false");
  if (!isAmr(amr)) found.add(`${path}.amr`, 'must be a list of words, like ["otp", "sms"]');
  const ttl = found.duration(`${path}.ttl`, options.ttl, RANGES.ttl);
  const resendAfter = found.duration(`${path}.resendAfter`, options.resendAfter, RANGES.resendAfter);
  if (resendAfter > ttl) found.add(`${path}.resendAfter`, "must not be longer than ttl");
  const length = found.integer(`${path}.length`, options.length, RANGES.length);
  const attempts = found.integer(`${path}.attempts`, options.attempts, RANGES.attempts);
  found.settle();
  return {
    name,
    deliver: given.deliver,
    everybody: given.everybody,
    amr: [...given.amr],
    length,
    ttl,
    attempts,
    resendAfter,
  };
}

function isAmr(amr: unknown): boolean {
  return Array.isArray(amr) && amr.every((word) => typeof word === "string" && word !== "");
}

/** Steps of one kind: the same as those that are mailed, but for how the code gets there. */
export function stepsOf({ core, plugin, proven, signIn }: StepGround, options: StepOptions): Steps {
  const { accounts, mailedSteps } = core;
  const { name, deliver, everybody, amr, length, ttl, attempts, resendAfter } = checked(plugin, options);
  const within = deadline(core.platform, PATIENCE, () => new Error(`no answer within ${PATIENCE} ms`));
  const kind = `${plugin}.${name}`;
  const own = `${plugin}:`; // no address begins so

  async function handOver(delivery: Delivery): Promise<void> {
    try {
      await within((async () => await deliver(delivery))());
    } catch (thrown) {
      const cause = keepBack(thrown, [delivery.code]);
      if (cause instanceof AuthError) throw cause;
      throw new AuthError("mail_failed", undefined, { cause });
    }
  }

  /** The type of a value goes with it: what an address has proven must not pass for a number that is written alike. */
  const written = ({ type, value }: Value) => type === plugin ? own + value : value;
  const read = (subject: string): Value =>
    subject.startsWith(own)
      ? { type: plugin, value: subject.slice(own.length) }
      : { type: "email", value: subject };

  const recipe: Recipe = {
    kind,
    label: `plugin ${kind}`,
    everybody,
    brings: { digits: length },
    ttl,
    attempts,
    resendAfter,
    to: (subject) => ({ data: { code, expiresAt }, client, idempotencyKey }) => {
      if (code === undefined || expiresAt === undefined) throw new TypeError("a step sends codes");
      const locale = client?.locale ?? null;
      return handOver({ to: read(subject).value, code, expiresAt, locale, idempotencyKey });
    },
  };
  mailedSteps.add(recipe);

  async function answer({ challengeId, code, client }: StepAnswer): Promise<Proof> {
    const answered = await mailedSteps.answer(recipe, challengeId, { code, client });
    if (answered.is === "gone") throw new AuthError("challenge_invalid");
    if (answered.is === "sealed") throw new AuthError("secret_unknown");
    if (answered.is === "wrong") throw new AuthError("code_invalid", { attemptsLeft: answered.attemptsLeft });
    const { subject, noted, paid } = answered;
    return proven({ value: read(subject), noted, paid });
  }

  return {
    async start({ to, client }: { to: PluginValue; client?: StepAnswer["client"] }) {
      const value = valueOf(plugin, to);
      const owner = await accounts.find(value);
      const silent = owner === null && !everybody;
      return await mailedSteps.start(recipe, { subject: written(value), owner, silent, client });
    },
    answer,
    async signIn({ challengeId, code, session, audience, ...caller }) {
      core.signIn.mode(session, audience); // a way of carrying it that is off costs no guess
      return await signIn(await answer({ challengeId, code, ...caller }), {
        ...caller,
        session,
        audience,
        amr,
      });
    },
  };
}
