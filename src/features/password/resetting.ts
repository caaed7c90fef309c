import { iso } from "../../base/iso.ts";
import type { Account } from "../../core/account_record.ts";
import { AuthError, type ErrorCode } from "../../errors.ts";
import type { Password } from "./contract.ts";
import { type Ground, personOf } from "./ground.ts";

/** What became of a reset: the account as it was and as it is, or why nothing did. */
type Reset = { readonly before: Account; readonly after: Account } | ErrorCode;

/** Setting a password anew by a link that was mailed. */
export function resetting(
  { core, recipes, engine, policy, kept, notify }: Ground,
): Pick<Password, "startReset" | "checkReset" | "finishReset"> {
  const { accounts, events, guesses, mailedSteps, platform, sessions, signIn } = core;

  /** What a link is good for, and whose account it was mailed for, as long as nothing of that was revoked. */
  async function good(token: string) {
    const looked = await mailedSteps.look(recipes.reset, token);
    if (looked.is === "gone") throw new AuthError("challenge_invalid");
    const { subject, noted, exp } = looked;
    const value = { type: "email", value: subject } as const;
    const owner = await accounts.find(value);
    if (owner === null || typeof signIn.proven(owner, value, noted) === "string") {
      throw new AuthError("challenge_invalid");
    }
    return { value, noted, owner, exp };
  }

  return {
    async startReset({ email, client }) {
      const owner = await accounts.find({ type: "email", value: email });
      await mailedSteps.start(recipes.reset, { subject: email, owner, silent: owner === null, client });
      return {};
    },
    async checkReset({ token }) {
      const { exp } = await good(token);
      return { expiresAt: iso(exp) };
    },
    async finishReset({ token, newPassword, client }) {
      const { value, noted, owner } = await good(token);
      await policy.check(newPassword, personOf(owner), "newPassword");
      const hash = await engine.hash(newPassword);
      const followed = await mailedSteps.follow(recipes.reset, { token, isThere: () => true });
      if (followed.is === "sealed") throw new AuthError("secret_unknown");
      if (followed.is !== "right") throw new AuthError("challenge_invalid");
      const { uid } = owner;
      const setAt = platform.now();
      const reset = await accounts.change<Reset>(uid, (before) => {
        // Whoever proves an address that is listed unproven takes the account over, here as at every sign-in.
        const shown = before === null
          ? "challenge_invalid"
          : signIn.proven({ uid, account: before }, value, noted);
        if (before === null || typeof shown === "string") {
          return { next: before, result: shown as ErrorCode }; // there is no account without a code
        }
        const after = kept.put({ ...shown, sessions: [], epoch: before.epoch + 1 }, { hash, setAt });
        return { next: after, result: { before, after } };
      }, owner.account);
      if (typeof reset === "string") throw new AuthError(reset);
      const ended = reset.before.sessions.map(({ sid }) => sid);
      events.emit("password.reset", { userId: uid }, client);
      events.emit("sessions.ended", { userId: uid, ended: ended.length }, client);
      notify({ uid, account: reset.after }, { kind: "password.reset", data: {}, client });
      // Whoever reads the address's mail is no stranger: others' guesses count from nothing again.
      await Promise.all([sessions.drop(uid, ended), guesses.settle(uid, null, false)]);
      return { updatedAt: iso(setAt) };
    },
  };
}
