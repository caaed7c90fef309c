import type { Core } from "../core/core.ts";
import { canonicalEmail } from "../base/email.ts";
import { report } from "../base/report.ts";
import { AuthError, type ErrorRow } from "../errors.ts";
import type { Grant } from "../model.ts";
import { settle } from "./checks.ts";
import type {
  PluginLetter,
  PluginRate,
  PluginSlot,
  PluginTools,
  Proof,
  SignInHow,
  StepOptions,
} from "./contract.ts";
import type { Schema } from "../base/schema.ts";
import { type Proven, stepsOf } from "./steps.ts";
import { valueOf } from "./values.ts";

/** What of a plug-in its tools are made of. */
export interface Tooled<Kept> {
  readonly name: string;
  readonly errors?: Readonly<Record<string, ErrorRow>>;
  readonly events?: object;
  readonly mails?: object;
  readonly slot?: Schema<Kept>;
}

/** The tools of one plug-in. */
export function toolsOf<Kept>(
  { name, errors, events, mails, slot }: Tooled<Kept>,
  core: Core,
): PluginTools<string, string, Kept> {
  const { platform, settings, foundation, accounts, limits, mail, views } = core;
  const { proven, signIn } = gateOf(core);
  return {
    origin: settings.origin,
    url: (path) => settings.origin + settings.basePath + path,
    now: platform.now,
    random: platform.random,
    fetch: platform.fetch,
    error(code, details, options) {
      const row = errors !== undefined && Object.hasOwn(errors, code) ? errors[code] : undefined;
      if (row === undefined) throw new TypeError(`${name} has no error ${code}`);
      return new AuthError(`${name}.${code}`, details, { ...options, row });
    },
    emit(event, fields, client) {
      if (!Object.hasOwn(Object(events), event)) throw new TypeError(`${name} has no event ${event}`);
      core.events.emitOwn(`${name}.${event}`, fields, client);
    },
    hash: (text) => foundation.lookup(`plugin ${name}`, text),
    limits: {
      // Asynchronous, so that a mistake is a rejection like any other failure.
      take: async (parts, rate) => await limits.take(["plugin", name, ...texts(parts)], rateOf(name, rate)),
    },
    slot: slotOf(name, slot, core),
    async user(id) {
      const account = await accounts.get(id);
      return account === null ? null : views.user({ uid: id, account });
    },
    async find(value) {
      const owner = await accounts.find(valueOf(name, value));
      return owner === null ? null : views.user(owner);
    },
    async valuesOf(id) {
      const identifiers = (await accounts.get(id))?.identifiers ?? [];
      return identifiers.filter(({ type }) => type === name).map(({ value }) => value);
    },
    steps: (options: StepOptions) => stepsOf({ core, plugin: name, proven, signIn }, options),
    async proof(given) {
      const value = valueOf(name, given);
      const owner = await accounts.find(value);
      const noted = owner === null ? { uid: null, epoch: 0 } : { uid: owner.uid, epoch: owner.account.epoch };
      return proven({ value, noted, paid: null });
    },
    signIn,
    async mail(kind, { to, data, client, userId, idempotencyKey }: PluginLetter) {
      if (!Object.hasOwn(Object(mails), kind)) throw new TypeError(`${name} has no mail ${kind}`);
      const address = canonicalEmail(to);
      if (address === null) throw new TypeError("a mail goes to an e-mail address");
      await mail.to({ address })({ kind: `${name}.${kind}`, data, client, userId, idempotencyKey });
    },
  };
}

const LIMIT = { min: 1, max: 100_000, fallback: 1 } as const;
const PER = { min: 1, max: 30 * 86_400, fallback: 1 } as const; // seconds

/** A rate that limits something. One that is none would let everything pass. @throws {TypeError} */
function rateOf(name: string, given: PluginRate): PluginRate {
  const found = report();
  const { limit, per } = found.object("rate", given ?? null, ["limit", "per"]);
  const rate = {
    limit: found.integer("limit", limit ?? null, LIMIT),
    per: found.integer("per", per ?? null, PER),
  };
  settle(`limits.take of the plug-in ${name}`, found);
  return rate;
}

/** What a limit is kept under: a text that is none would be shared by everybody. @throws {TypeError} */
function texts(parts: readonly string[]): readonly string[] {
  if (Array.isArray(parts) && parts.every((part) => typeof part === "string")) return parts;
  throw new TypeError("what a limit is kept under is a list of texts");
}

/** The gate, for proofs that were made here alone. */
function gateOf(core: Core) {
  const proofs = new WeakMap<Proof, Proven>();
  return {
    proven(proven: Proven): Proof {
      const proof = Object.freeze({ value: proven.value.value });
      proofs.set(proof, proven);
      return proof;
    },
    async signIn(
      proof: Proof,
      { amr, session, audience, client, userId, sessionId }: SignInHow,
    ): Promise<Grant> {
      const known = proofs.get(proof);
      if (known === undefined) {
        throw new TypeError("a proof is what `steps` or `proof` answered, and counts once");
      }
      core.signIn.mode(session, audience);
      proofs.delete(proof);
      return await core.signIn.finish({ value: known.value, noted: known.noted }, {
        session,
        audience,
        paid: known.paid,
        amr: amr.map(String),
        client,
        replaces: { userId, sessionId },
      });
    },
  };
}

function slotOf<Kept>(name: string, schema: Schema<Kept> | undefined, { accounts }: Core): PluginSlot<Kept> {
  if (schema === undefined) {
    const none = () => Promise.reject(new TypeError(`${name} has not said what it keeps: slot`));
    return { get: none, change: none };
  }
  const slot = accounts.slot(name, schema);
  return {
    async get(id) {
      const account = await accounts.get(id);
      return account === null ? null : slot.get(account);
    },
    change: slot.change,
  };
}
