import { base64url, sha256, utf8 } from "../base/encoding.ts";
import type { MaybeCaller } from "../contract.ts";
import type { Keyring, Label } from "../crypto/keyring.ts";
import { newCode, newId } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { CodeMail, MailedStep } from "../model.ts";
import type { Platform } from "../platform.ts";
import { noteOf, type Owner } from "./accounts.ts";
import type { Answered, Challenge, Challenges, Code } from "./challenges.ts";
import type { Mail, Way } from "./mail.ts";

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
interface Asked extends Pick<About, "silent" | "client"> {
  readonly way: Way;
  readonly userId: string | undefined;
}

/** Steps that wait for what was mailed. */
export interface MailedSteps {
  /** Makes a kind of step known, so that it can be sent again by its id alone. */
  readonly add: (recipe: Recipe) => void;
  /** Begins one. @throws {AuthError} `mail_failed`, and the step is gone */
  readonly start: (recipe: Recipe, about: About) => Promise<MailedStep>;
  /** Sends a new code for one, if it is time. @throws {AuthError} `challenge_invalid`, `mail_failed` */
  readonly resend: (id: string, client: MaybeCaller["client"]) => Promise<MailedStep>;
  /** Answers one with a code. By the time anybody learns what it was worth, it has been written. */
  readonly answer: (recipe: Recipe, id: string, code: string) => Promise<Answered>;
}

/** The mailed steps of a store. */
export function mailedSteps(
  { platform, keyring, challenges, mail }: {
    platform: Platform;
    keyring: Keyring;
    challenges: Challenges;
    mail: Mail;
  },
): MailedSteps {
  const recipes = new Map<string, Recipe>();

  /** The id is hashed in, so a code is worth nothing for any other step. */
  function hashes({ label }: Recipe, id: string, code: string): readonly string[] {
    return keyring.fingerprints.map((secret) => `${secret}.${keyring.mac(label, secret, id, code)}`);
  }

  function decoy(): string {
    return `${keyring.first}.${base64url(platform.random(32))}`;
  }

  /** A code and what is kept of it. For nobody it is chance, which no code hashes to; everything else is the same work. */
  function fresh(
    recipe: Recipe,
    id: string,
    silent: boolean,
  ): { readonly code: string; readonly kept: Code } {
    const code = newCode(recipe.length, platform.random);
    const [hash = ""] = hashes(recipe, id, code);
    const kept = silent ? decoy() : hash;
    return { code, kept: { hash: kept, exp: platform.now() + recipe.ttl * 1000 } };
  }

  async function deliver(
    recipe: Recipe,
    id: string,
    { client, userId, way }: Asked,
    { code, kept }: ReturnType<typeof fresh>,
  ): Promise<void> {
    const expiresAt = new Date(kept.exp).toISOString();
    const data: CodeMail = { code, expiresAt, minutes: String(Math.floor(recipe.ttl / 60)) };
    try {
      await way({
        kind: recipe.kind,
        client,
        userId,
        data: { ...data },
        idempotencyKey: base64url(sha256(utf8(`${id} ${kept.exp}`))), // the id itself is told to nobody else
      });
    } catch (error) {
      // Where the reply must not tell who exists, neither may what becomes of the challenge.
      await (recipe.everybody ? challenges.revoke(id, kept.hash) : challenges.blind(id, kept.hash, decoy()));
      throw error;
    }
  }

  async function dispatch(
    recipe: Recipe,
    id: string,
    asked: Asked,
    made: ReturnType<typeof fresh>,
  ): Promise<void> {
    if (recipe.everybody) return await deliver(recipe, id, asked, made);
    mail.behind(() => asked.silent ? Promise.resolve() : deliver(recipe, id, asked, made));
  }

  return {
    answer: (recipe, id, code) => challenges.answer(id, recipe.kind, hashes(recipe, id, code)),
    add: (recipe) => void recipes.set(recipe.kind, recipe),
    async start(recipe, about) {
      const id = newId(platform.random);
      const made = fresh(recipe, id, about.silent);
      const challenge: Challenge = {
        purpose: recipe.kind,
        subject: about.subject,
        noted: noteOf(about.owner),
        silent: about.silent,
        codes: [made.kept],
        attemptsLeft: recipe.attempts,
        resendAt: platform.now() + recipe.resendAfter * 1000,
        exp: made.kept.exp,
      };
      const way = mail.to({ address: about.subject });
      await challenges.put(id, challenge);
      await dispatch(recipe, id, { ...about, userId: about.owner?.uid, way }, made);
      return told(id, challenge);
    },
    async resend(id, client) {
      const seen = await challenges.get(id);
      const recipe = recipes.get(seen?.purpose ?? "");
      if (seen === null || recipe === undefined) throw new AuthError("challenge_invalid");
      const made = fresh(recipe, id, seen.silent);
      const resendAt = platform.now() + recipe.resendAfter * 1000;
      const way = mail.to({ address: seen.subject });
      const renewed = await challenges.renew(id, { code: made.kept, resendAt });
      if (renewed === null) throw new AuthError("challenge_invalid");
      const userId = seen.noted.uid ?? undefined;
      if (renewed.added) await dispatch(recipe, id, { silent: seen.silent, client, userId, way }, made);
      return told(id, renewed.challenge);
    },
  };
}

function told(id: string, { exp, resendAt }: Challenge): MailedStep {
  return {
    challengeId: id,
    expiresAt: new Date(exp).toISOString(),
    resendAt: new Date(resendAt).toISOString(),
  };
}
