import { keptOf } from "../../base/said.ts";
import { type Account, noteOf, type Owner, unmoved } from "../../core/account_record.ts";
import type { RememberedDevice } from "../../core/remembered.ts";
import type { Become, Wanted } from "../../core/gate.ts";
import { AuthError } from "../../errors.ts";
import type { ClientInfo, SessionMode } from "../../model.ts";
import type { Password } from "./contract.ts";
import { AMR, type Ground, guessed, pending, right } from "./ground.ts";
import type { KeptPassword } from "./kept.ts";

const NAME = 192; // characters of a device's name: an account has room for ten of the longest

/** Signing in. */
export function signingIn(ground: Ground): Pick<Password, "signIn" | "verifySignIn"> {
  const { core, settings, recipes, engine, kept, devices } = ground;
  const { accounts, mailedSteps, platform, signIn } = core;

  /** The hash anew, where new ones are made in another way; null where not, or where there is too much to do just now. */
  async function anew(password: string, { hash }: KeptPassword): Promise<string | null> {
    return engine.isDated(hash) ? await engine.hash(password).catch(() => null) : null;
  }

  /** An account with a hash that was made anew. It is of the same password still, or the gate would have found something revoked. */
  function renewed(account: Account, fresh: string | null): Account {
    const now = kept.get(account);
    const isDated = fresh !== null && now !== null && engine.isDated(now.hash);
    return isDated ? kept.put(account, { ...now, hash: fresh }) : account;
  }

  /** In the swap that lists the session. A password that was changed meanwhile was revoked: the gate has asked for that. A device that was
   * removed meanwhile was not, so it is looked for here. */
  function using(fresh: string | null, deviceId: string | null): Become {
    const at = platform.now();
    return (account) => {
      const next = renewed(account, fresh);
      const device = devices.of(next, at).find(({ id }) => id === deviceId);
      if (device !== undefined) return devices.with(next, { ...device, lastUsedAt: at });
      return deviceId !== null && settings.signIn.emailCode ? "challenge_invalid" : next;
    };
  }

  /** The id of the device that asks, where its account remembers it. */
  function rememberedAs({ uid, account }: Owner, client: ClientInfo | undefined): string | null {
    const id = core.devices.know(client?.device, { uid, epoch: account.epoch });
    return devices.of(account, platform.now()).some((one) => one.id === id) ? id : null;
  }

  return {
    async signIn({ identifier, password, session, audience, client, userId, sessionId }) {
      const mode = signIn.mode(session, audience);
      const owner = await accounts.find({ type: "email", value: identifier });
      const judged = owner === null ? null : kept.get(owner.account);
      const target = { subject: identifier, noted: noteOf(owner), client };
      const { fits, paid } = await guessed(ground, target, { password, hash: judged?.hash ?? null });
      if (!fits || owner === null || judged === null) throw new AuthError("credentials_invalid");
      const fresh = await anew(password, judged);
      const device = rememberedAs(owner, client);
      if (!settings.signIn.emailCode || device !== null) {
        const replaces = { userId, sessionId };
        const wanted: Wanted = { session, audience, amr: AMR.password, client, replaces, paid };
        return await signIn.enter({ owner, become: using(fresh, device) }, wanted);
      }
      const held = {
        session: mode,
        ...(audience !== undefined && { audience }),
        ...(fresh !== null && { hash: fresh }),
      };
      const about = { subject: identifier, owner, silent: false, client, held };
      return pending(await mailedSteps.start(recipes.signIn, about));
    },
    async verifySignIn({ challengeId, code, remember, session, audience, client, userId, sessionId }) {
      signIn.mode(session, audience); // a way of carrying it that is off costs no guess
      if (remember === true && !settings.signIn.emailCode) throw unasked();
      const answered = right(await mailedSteps.answer(recipes.signIn, challengeId, { code, client }));
      const { noted, held, paid } = answered;
      const account = noted.uid === null ? null : await accounts.get(noted.uid);
      if (noted.uid === null || account === null) throw new AuthError("challenge_invalid");
      const owner = { uid: noted.uid, account };
      if (!unmoved(noted, owner)) throw new AuthError("challenge_invalid");
      const device = remember === true ? deviceOf(ground, owner, client) : null;
      const become: Become = (account, { sid }) => {
        const next = renewed(account, held["hash"] ?? null);
        return device === null ? next : devices.with(next, { id: sid, ...device });
      };
      const grant = await signIn.enter({ owner, become }, {
        session: session ?? held["session"] as SessionMode,
        audience: audience ?? held["audience"],
        amr: AMR.both,
        client,
        replaces: { userId, sessionId },
        paid,
      });
      if (device !== null) {
        const deviceId = device.id ?? grant.session.id;
        core.events.emit("device.added", { userId: owner.uid, deviceId }, client);
      }
      return grant;
    },
  };
}

/** What is kept of the device that asks. One that is not known yet will be called like the session. */
function deviceOf(
  { core, settings }: Ground,
  { uid, account }: Owner,
  client: ClientInfo | undefined,
): Omit<RememberedDevice, "epoch" | "id"> & { readonly id?: string } {
  const at = core.platform.now();
  const id = core.devices.know(client?.device, { uid, epoch: account.epoch });
  const name = keptOf(client?.userAgent, NAME);
  const exp = at + settings.rememberFor * 1000;
  return { name, createdAt: at, lastUsedAt: at, exp, ...(id !== null && { id }) };
}

function unasked(): AuthError {
  const message = "must be left out where password.signIn.emailCode is off: no code is asked for";
  return new AuthError("input_invalid", { issues: [{ path: "remember", message }] });
}
