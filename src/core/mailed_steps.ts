import { base64url, sha256, utf8 } from "../base/encoding.ts";
import { keepBack } from "../base/hidden.ts";
import type { MaybeCaller } from "../contract.ts";
import type { Keyring, Label } from "../crypto/keyring.ts";
import { LONG_CODE, newCode, newId, newLongCode } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { CodeMail, MailedStep } from "../model.ts";
import { late, type Store } from "../store/collection.ts";
import { noteOf, type Owner } from "./account_record.ts";
import type { Answered, Challenge, Challenges, Code } from "./challenges.ts";
import type { Guesses, Paid, Target } from "./guesses.ts";
import type { Mail, Way } from "./mail.ts";

const SHORTEST = 6; // characters of a code

/** How a step of one kind is made and mailed. Times are in seconds. */
export interface Recipe {
  /** The kind of its mail, and its purpose: "emailOtp.code". */
  readonly kind: string;
  /** What its codes are hashed for. */
  readonly label: Label;
  readonly ttl: number;
  readonly attempts: number;
  readonly resendAfter: number;
  /** Whether every address gets a mail. Then delivery is awaited and a failure told; else the reply must not tell a known address
   * from an unknown one, and delivery happens behind it. */
  readonly everybody: boolean;
  /** How many digits a code has. */
  readonly length: number;
  /** The way to a subject, where that is not by mail. */
  readonly to?: (subject: string) => Way;
}

/** Whom a step is about. */
export interface About {
  readonly subject: string;
  /** Whose account that is now. */
  readonly owner: Owner | null;
  /** Nobody is mailed, and no answer is right. */
  readonly silent: boolean;
  /** Where the request came from that asks for the mail. */
  readonly client: MaybeCaller["client"];
}

/** What of it the mail needs. */
interface Asked extends Pick<Challenge, "subject" | "silent" | "noted">, Pick<About, "client"> {
  readonly way: Way;
}

/** A code, what is kept of it, and whether a mail brings it. */
interface Made {
  readonly code: string;
  readonly kept: Code;
  readonly leaves: boolean;
}

/** A code as it was typed, and by whom. */
interface Said extends Pick<About, "client"> {
  readonly code: string;
}

/** What an answer was worth, and what was paid for one that is right: the sign-in gives it back. */
export type Judged =
  | Exclude<Answered, { readonly is: "right" }>
  | Extract<Answered, { readonly is: "right" }> & { readonly paid: Paid | null };

/** Steps that wait for what was mailed. */
export interface MailedSteps {
  /** Makes a kind of step known, so that it can be sent again by its id alone. */
  readonly add: (recipe: Recipe) => void;
  /** Begins one. @throws {AuthError} `mail_failed`, and the step is gone */
  readonly start: (recipe: Recipe, about: About) => Promise<MailedStep>;
  /** Sends a new code for one, if it is time. @throws {AuthError} `challenge_invalid`, `mail_failed` */
  readonly resend: (id: string, client: MaybeCaller["client"]) => Promise<MailedStep>;
  /** Answers one with a code as it was typed. By the time anybody learns what it was worth, it has been paid for and written.
   * @throws {AuthError} `rate_limited`: then nothing was judged, and the step has lost nothing */
  readonly answer: (recipe: Recipe, id: string, said: Said) => Promise<Judged>;
}

/** The mailed steps of a store. */
export function mailedSteps(
  { store, keyring, challenges, guesses, mail }: {
    store: Store;
    keyring: Keyring;
    challenges: Challenges;
    guesses: Guesses;
    mail: Mail;
  },
): MailedSteps {
  const { platform, deadline, line } = store;
  const recipes = new Map<string, Recipe>();

  /** The id is hashed in, so a code is worth nothing for any other step. */
  function hashes({ label }: Recipe, id: string, code: string): readonly string[] {
    return keyring.fingerprints.map((secret) => `${secret}.${keyring.mac(label, secret, id, code)}`);
  }

  function decoy(): string {
    return `${keyring.first}.${base64url(platform.random(32))}`;
  }

  /** A code and what is kept of it. Of one that nobody is mailed that is chance, which no code hashes to; everything else is the same
   * work. */
  async function fresh(recipe: Recipe, id: string, asked: Asked): Promise<Made> {
    const { leaves, long } = await guesses.post(targetOf(asked));
    const code = long ? newLongCode(platform.random) : newCode(recipe.length, platform.random);
    const [hash = ""] = hashes(recipe, id, code);
    const kept = asked.silent || !leaves ? decoy() : hash;
    return { code, kept: { hash: kept, exp: platform.now() + recipe.ttl * 1000 }, leaves };
  }

  const wayTo = ({ to }: Recipe, subject: string): Way => to?.(subject) ?? mail.to({ address: subject });

  async function deliver(
    recipe: Recipe,
    id: string,
    asked: Asked,
    { code, kept }: Made,
  ): Promise<void> {
    const expiresAt = new Date(kept.exp).toISOString();
    const data: CodeMail = { code: readable(code), expiresAt, minutes: String(Math.floor(recipe.ttl / 60)) };
    try {
      await asked.way({
        kind: recipe.kind,
        client: asked.client,
        userId: asked.noted.uid ?? undefined,
        data: { ...data },
        idempotencyKey: base64url(sha256(utf8(`${id} ${kept.exp}`))), // the id itself is told to nobody else
      });
    } catch (error) {
      // Where the reply must not tell who exists, neither may what becomes of the challenge.
      await (recipe.everybody ? challenges.revoke(id, kept.hash) : challenges.blind(id, kept.hash, decoy()));
      // Nor may the budget: a mail that nobody got is paid for like one that nobody was sent.
      if (recipe.everybody) await guesses.unpost(targetOf(asked));
      throw keepBack(error, [data.code]);
    }
  }

  async function dispatch(
    recipe: Recipe,
    id: string,
    asked: Asked,
    made: Made,
  ): Promise<void> {
    const send = () => asked.silent || !made.leaves ? Promise.resolve() : deliver(recipe, id, asked, made);
    if (recipe.everybody) return await send();
    mail.behind(send);
  }

  async function judge(recipe: Recipe, id: string, { code: typed, client }: Said): Promise<Judged> {
    const seen = await challenges.get(id);
    if (seen?.purpose !== recipe.kind) return { is: "gone" };
    const code = typed.replace(/[\s-]/g, "").toLowerCase();
    // A code that cannot be guessed is paid for by nobody: whatever others have guessed, it lets its owner in.
    const paid = LONG_CODE.test(code) ? null : await guesses.pay(targetOf({ ...seen, client }));
    // Whatever a recipe says, what is shorter than any code is right nowhere: no code has a dash.
    const guess = code.length < SHORTEST ? `-${code}` : code;
    const answer = { purpose: recipe.kind, guesses: hashes(recipe, id, guess) };
    const answered = await challenges.answer(id, answer, seen);
    return answered.is === "right" ? { ...answered, paid } : answered;
  }

  return {
    answer(recipe, id, said) {
      const until = platform.now() + deadline;
      // One after the other: by the time that a guess has its turn, the challenge may be gone, and then nobody pays.
      return line(`answer ${id}`, (waited) => {
        if (waited && platform.now() >= until) throw late(deadline);
        return judge(recipe, id, said);
      });
    },
    add: (recipe) => void recipes.set(recipe.kind, recipe),
    async start(recipe, about) {
      const id = newId(platform.random);
      const { subject, silent, client } = about;
      const noted = noteOf(about.owner);
      const asked = { subject, silent, noted, client, way: wayTo(recipe, subject) };
      const made = await fresh(recipe, id, asked);
      const challenge: Challenge = {
        purpose: recipe.kind,
        subject,
        noted,
        silent,
        codes: [made.kept],
        attemptsLeft: recipe.attempts,
        resendAt: platform.now() + recipe.resendAfter * 1000,
        exp: made.kept.exp,
      };
      await challenges.put(id, challenge);
      await dispatch(recipe, id, asked, made);
      return told(id, challenge);
    },
    async resend(id, client) {
      const seen = await challenges.get(id);
      const recipe = recipes.get(seen?.purpose ?? "");
      if (seen === null || recipe === undefined) throw new AuthError("challenge_invalid");
      if (seen.resendAt > platform.now()) return told(id, seen);
      const asked = { ...seen, client, way: wayTo(recipe, seen.subject) };
      const made = await fresh(recipe, id, asked);
      const resendAt = platform.now() + recipe.resendAfter * 1000;
      const renewed = await challenges.renew(id, { code: made.kept, leaves: made.leaves, resendAt }, seen);
      if (renewed?.added === true) await dispatch(recipe, id, asked, made);
      else if (made.leaves) await guesses.unpost(targetOf(asked)); // somebody else was faster, and sends it
      if (renewed === null) throw new AuthError("challenge_invalid");
      return told(id, renewed.challenge);
    },
  };
}

/** Whose guesses and mails these are. */
function targetOf({ subject, noted, client }: Omit<Asked, "silent" | "way">): Target {
  return { subject, noted, client };
}

/** A code as people read it: a long one in groups of four. */
function readable(code: string): string {
  return LONG_CODE.test(code) ? code.replace(/.{4}(?=.)/g, "$&-") : code;
}

function told(id: string, { exp, resendAt }: Challenge): MailedStep {
  return {
    challengeId: id,
    expiresAt: new Date(exp).toISOString(),
    resendAt: new Date(resendAt).toISOString(),
  };
}
