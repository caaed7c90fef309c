import { type Account, isListed, noteOf, type Owner, unmoved } from "../../core/account_record.ts";
import type { Paid } from "../../core/guesses.ts";
import type { Become, Wanted } from "../../core/gate.ts";
import { AuthError } from "../../errors.ts";
import type { Grant, SessionMode } from "../../model.ts";
import type { OwnPassword, Password, PasswordChange } from "./contract.ts";
import { AMR, type Ground, guessed, pending, personOf, right } from "./ground.ts";

/** Who calls, and how that was judged. */
interface Judged {
  readonly amr: readonly string[];
  readonly paid: Paid | null;
}

/** Changing one's own. */
export function changing(ground: Ground): Pick<Password, "change" | "verifyChange"> {
  const { core, settings, recipes, engine, policy } = ground;
  const { accounts, authority, mailedSteps, signIn } = core;

  /** The account of whoever calls: not by a key pair alone. */
  async function own(caller: OwnPassword): Promise<Owner> {
    const { userId: uid } = caller;
    const account = (await authority.person(caller))?.account ?? await accounts.get(uid);
    if (account === null) throw new AuthError("not_found");
    return { uid, account };
  }

  return {
    async change({ currentPassword, newPassword, session, audience, ...caller }) {
      const mode = signIn.mode(session, audience);
      const owner = await own(caller);
      await policy.check(newPassword, personOf(owner), "newPassword");
      const { amr, paid } = await judge(ground, owner, { ...caller, currentPassword });
      const hash = await engine.hash(newPassword);
      const address = addressOf(owner.account);
      if (!settings.change.emailCode || address === undefined) {
        return await changed(ground, { owner, caller, hash }, { session, audience, amr, paid });
      }
      const step = await mailedSteps.start(recipes.change, {
        subject: address,
        owner,
        silent: false,
        client: caller.client,
        held: { hash, session: mode, ...(audience !== undefined && { audience }) },
      });
      return pending(step);
    },
    async verifyChange({ challengeId, code, session, audience, ...caller }) {
      signIn.mode(session, audience); // a way of carrying it that is off costs no guess
      const owner = await own(caller);
      const said = { code, client: caller.client };
      const { noted, held, paid } = right(await mailedSteps.answer(recipes.change, challengeId, said));
      if (noted.uid !== owner.uid || !unmoved(noted, owner)) throw new AuthError("challenge_invalid");
      return await changed(ground, { owner, caller, hash: held["hash"] ?? "" }, {
        session: session ?? held["session"] as SessionMode,
        audience: audience ?? held["audience"],
        amr: AMR.both,
        paid,
      });
    },
  };
}

/** Whether whoever calls may change it: by the current password; or, where there is none or it need not be given, by a session that is
 * young.
 * @throws {AuthError} `credentials_invalid`, `rate_limited`, `busy`, `input_invalid`, `step_up_required` */
async function judge(
  ground: Ground,
  owner: Owner,
  { currentPassword, ...caller }: OwnPassword & Pick<PasswordChange, "currentPassword">,
): Promise<Judged> {
  const { core: { authority }, settings, kept } = ground;
  const current = kept.get(owner.account);
  if (current !== null && currentPassword !== undefined) {
    const subject = personOf(owner).identifiers[0] ?? owner.uid;
    const target = { subject, noted: noteOf(owner), client: caller.client };
    const { fits, paid } = await guessed(ground, target, { password: currentPassword, hash: current.hash });
    if (!fits) throw new AuthError("credentials_invalid");
    return { amr: AMR.password, paid };
  }
  if (current !== null && caller.sessionId !== undefined && settings.change.requireCurrent) {
    throw new AuthError("input_invalid", { issues: [{ path: "currentPassword", message: "is required" }] });
  }
  const found = await authority.fresh(caller);
  return { amr: found?.record.amr ?? AMR.password, paid: null };
}

/** Where the code goes: rather to an address that was proven. */
function addressOf({ identifiers }: Account): string | undefined {
  const addresses = identifiers.filter(({ type }) => type === "email");
  return (addresses.find(({ proven }) => proven) ?? addresses[0])?.value;
}

/** A change that was judged. */
interface Change {
  readonly owner: Owner;
  readonly caller: OwnPassword;
  readonly hash: string;
}

/** The new password, the end of all sessions and the new one are one swap. */
async function changed(
  { core, kept, notify }: Ground,
  { owner, caller, hash }: Change,
  wanted: Omit<Wanted, "client" | "replaces">,
): Promise<Grant> {
  const { userId, sessionId, client } = caller;
  const setAt = core.platform.now();
  const become: Become = (account: Account) => {
    if (sessionId !== undefined && !isListed(account, sessionId, setAt)) return "session_ended";
    return kept.put({ ...account, sessions: [], epoch: account.epoch + 1 }, { hash, setAt });
  };
  const replaces = { userId, sessionId };
  const grant = await core.signIn.enter({ owner, become }, { ...wanted, client, replaces });
  core.events.emit("password.changed", { userId }, client);
  notify(owner, { kind: "password.changed", data: {}, client });
  return grant;
}
