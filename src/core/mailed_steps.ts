import { base64url } from "../base/encoding.ts";
import { sha256Text } from "../base/hash.ts";
import { keepBack } from "../base/hidden.ts";
import { iso } from "../base/iso.ts";
import type { MaybeCaller } from "../contract.ts";
import type { Keyring, Label } from "../crypto/keyring.ts";
import { formatLinkToken, LONG_CODE, newCode, newId, newLongCode, parseLinkToken } from "../crypto/token.ts";
import { AuthError } from "../errors.ts";
import type { CodeMail, LinkMail, MailedStep } from "../model.ts";
import { late, type Store } from "../store/collection.ts";
import { noteOf, type Owner } from "./account_record.ts";
import {
  type Answered,
  type Challenge,
  type Challenges,
  type Code,
  type Held,
  isAnswered,
  type Noted,
} from "./challenges.ts";
import type { Guesses, Paid, Target } from "./guesses.ts";
import type { Mail, Way } from "./mail.ts";

const SHORTEST = 6; // characters of a code

/** How a step of one kind is made and mailed. Times are in seconds. */
export interface Recipe {
  /** The kind of its mail, and its purpose: "emailOtp.code". */
  readonly kind: string;
  /** What its codes are hashed for, and its links sealed where they are. */
  readonly label: Label;
  readonly ttl: number;
  readonly attempts: number;
  readonly resendAfter: number;
  /** Whether every address gets a mail. Then delivery is awaited and a failure told; else the reply must not tell a known address
   * from an unknown one, and delivery happens behind it. */
  readonly everybody: boolean;
  /** The kind of the mail that goes out in place of the code where no answer is right. Without it nothing does. */
  readonly instead?: string;
  /** What is mailed. */
  readonly brings: { readonly digits: number } | LinkTo;
  /** The way to a subject, where that is not by mail. */
  readonly to?: (subject: string) => Way;
}

/** A link to an address that follows from its token. */
export interface LinkTo {
  readonly link: (token: string) => string;
  /** Whether its token hides the step's id, which is then for whoever began it. No sealed token is made up, so none costs an attempt. */
  readonly sealed: boolean;
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
  /** What is said beforehand of what is to come of it. */
  readonly held?: Held;
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

/** What a mail tells, by its kind, and what of that nobody else may learn. */
interface Written {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly withheld: readonly string[];
}

/** A code as it was typed, and by whom. */
interface Said extends Pick<About, "client"> {
  readonly code: string;
}

/** A link as it was followed. */
interface Shown {
  readonly token: string;
  /** Whether it is followed where the step was begun. */
  readonly isThere: (id: string) => boolean;
}

/** What a link was worth. One that is followed elsewhere stays good. */
export type Followed = Extract<Answered, { readonly is: "right" | "gone" | "sealed" }> | {
  readonly is: "elsewhere";
};

/** What a link leads to while it is good: when it expires, in epoch milliseconds. */
export type Looked =
  | { readonly is: "good"; readonly exp: number } & Pick<Challenge, "subject" | "noted">
  | { readonly is: "gone" };

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
  /** What a link is good for. Nothing is used up by that; one that is wrong costs an attempt, unless it is sealed. */
  readonly look: (recipe: Recipe, token: string) => Promise<Looked>;
  /** Answers one by its link. Nobody pays for that: no link is guessed. */
  readonly follow: (recipe: Recipe, shown: Shown) => Promise<Followed>;
}

/** What they stand on. */
export interface MailedGround {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly challenges: Challenges;
  readonly guesses: Guesses;
  readonly mail: Mail;
}

/** The mailed steps of a store, of the kinds that are known. */
export function mailedSteps(
  { store, keyring, challenges, guesses, mail }: MailedGround,
  recipes: ReadonlyMap<string, Recipe>,
): Omit<MailedSteps, "add"> {
  const { platform, deadline, line } = store;
  const { hashes, decoy, codeOf, letterOf, unsealed } = codes(keyring, platform);

  /** A code and what is kept of it. Of one that nobody is mailed that is chance, which no code hashes to; everything else is the same
   * work. */
  async function fresh(recipe: Recipe, id: string, asked: Asked): Promise<Made> {
    const { leaves, long } = await guesses.post(targetOf(asked));
    const code = codeOf(recipe, long);
    const [hash = ""] = hashes(recipe, id, code);
    const kept = asked.silent || !leaves ? decoy() : hash;
    return { code, kept: { hash: kept, exp: platform.now() + recipe.ttl * 1000 }, leaves };
  }

  const wayTo = ({ to }: Recipe, subject: string): Way => to?.(subject) ?? mail.to({ address: subject });

  async function deliver(
    recipe: Recipe,
    id: string,
    asked: Asked,
    made: Made,
  ): Promise<void> {
    const { kept } = made;
    const { kind, data, withheld } = await letterOf(recipe, id, asked, made);
    try {
      await asked.way({
        kind,
        client: asked.client,
        userId: asked.noted.uid ?? undefined,
        data,
        idempotencyKey: sha256Text(`${id} ${kept.exp}`), // the id itself is told to nobody else
      });
    } catch (error) {
      // Where the reply must not tell who exists, neither may what becomes of the challenge.
      await (recipe.everybody ? challenges.revoke(id, kept.hash) : challenges.blind(id, kept.hash, decoy()));
      // Nor may the budget: a mail that nobody got is paid for like one that nobody was sent.
      if (recipe.everybody) await guesses.unpost(targetOf(asked));
      throw keepBack(error, withheld);
    }
  }

  async function dispatch(
    recipe: Recipe,
    id: string,
    asked: Asked,
    made: Made,
  ): Promise<void> {
    const isMailed = made.leaves && (!asked.silent || recipe.instead !== undefined);
    const send = () => isMailed ? deliver(recipe, id, asked, made) : Promise.resolve();
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

  /** The step that a link leads to, and whether it is right there; null for none. */
  async function found(recipe: Recipe, token: string) {
    const shown = parseLinkToken(await unsealed(recipe, token));
    const seen = shown === null ? null : await challenges.get(shown.id);
    if (shown === null || seen === null) return null;
    const { id, code } = shown;
    const answer = { purpose: recipe.kind, guesses: hashes(recipe, id, code) };
    return { id, answer, seen, isRight: isAnswered(seen, { ...answer, now: platform.now() }) };
  }

  async function look(recipe: Recipe, token: string): Promise<Looked> {
    const step = await found(recipe, token);
    if (step === null) return { is: "gone" };
    const { id, answer, seen, isRight } = step;
    if (!isRight && !isSealed(recipe)) await challenges.answer(id, answer, seen); // costs an attempt
    const { subject, noted, exp } = seen;
    return isRight ? { is: "good", subject, noted, exp } : { is: "gone" };
  }

  async function follow(recipe: Recipe, { token, isThere }: Shown): Promise<Followed> {
    const step = await found(recipe, token);
    if (!step?.isRight) return { is: "gone" };
    const { id, answer, seen } = step;
    if (!isThere(id)) return { is: "elsewhere" };
    const answered = await challenges.answer(id, answer, seen);
    return answered.is === "wrong" ? { is: "gone" } : answered; // another mail was asked for meanwhile
  }

  async function start(recipe: Recipe, about: About): Promise<MailedStep> {
    const id = newId(platform.random);
    const { subject, silent, client, held = {} } = about;
    const noted = notedOf(about);
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
      held,
    };
    await challenges.put(id, challenge);
    await dispatch(recipe, id, asked, made);
    return told(id, challenge);
  }

  async function resend(id: string, client: About["client"]): Promise<MailedStep> {
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
    follow,
    look,
    start,
    resend,
  };
}

/** Codes and links: what is made, kept and mailed of them. */
function codes(keyring: Keyring, { now, random }: Store["platform"]) {
  /** The id is hashed in, so a code is worth nothing for any other step. */
  function hashes({ label }: Recipe, id: string, code: string): readonly string[] {
    return keyring.fingerprints.map((secret) => `${secret}.${keyring.mac(label, secret, id, code)}`);
  }

  function decoy(): string {
    return `${keyring.first}.${base64url(random(32))}`;
  }

  function codeOf({ brings }: Recipe, long: boolean): string {
    if ("link" in brings) return newId(random);
    return long ? newLongCode(random) : newCode(brings.digits, random);
  }

  /** What its mail tells, and what of that lets somebody in. Where no answer is right, the mail has no code to bring. */
  async function letterOf(
    recipe: Recipe,
    id: string,
    { silent }: Asked,
    { code, kept }: Made,
  ): Promise<Written> {
    const { kind, instead = "", brings, label, ttl } = recipe;
    if (silent) {
      return { kind: instead, data: { at: iso(now()) }, withheld: [] };
    }
    const times = { expiresAt: iso(kept.exp), minutes: String(Math.floor(ttl / 60)) };
    if ("digits" in brings) {
      const data: CodeMail = { code: readable(code), ...times };
      return { kind, data: { ...data }, withheld: [data.code] };
    }
    const text = formatLinkToken({ id, code });
    const token = brings.sealed ? await keyring.seal(label, text) : text;
    const data: LinkMail = { link: brings.link(token), ...times };
    return { kind, data: { ...data }, withheld: [token] };
  }

  /** What a link's token says; nothing for one that is not ours. */
  async function unsealed(recipe: Recipe, token: string): Promise<string> {
    if (!isSealed(recipe)) return token;
    const opened = await keyring.open(recipe.label, token);
    return opened.is === "open" ? opened.plain : "";
  }

  return { hashes, decoy, codeOf, letterOf, unsealed };
}

function isSealed({ brings }: Recipe): boolean {
  return "link" in brings && brings.sealed;
}

/** The account as the step sees it. */
function notedOf({ owner, subject }: About): Noted {
  const isClaimedOnly = owner?.account.identifiers.some(({ type, value, proven }) =>
    type === "email" && value === subject && !proven
  );
  return { ...noteOf(owner), ...(isClaimedOnly && { unproven: true }) };
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
    expiresAt: iso(exp),
    resendAt: iso(resendAt),
  };
}
