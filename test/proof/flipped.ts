// People with all that lets somebody in, or does so no longer, and a store in which single bits turn over.
import type { FinishKeySignIn } from "../../src/features/key/contract.ts";
import type { FinishPasskeySignIn } from "../../src/features/passkey/contract.ts";
import type { Driver } from "../../src/store/driver.ts";
import { leavingRecords } from "../races/scene.ts";
import type { FullAuth } from "../suite/client.ts";
import { told } from "../suite/gate.ts";
import { ADA, addsKey, answering, BOB, type KeyPair } from "../suite/key_holder.ts";
import { device, registers, saying, signingIn, turned } from "../suite/passkey_holder.ts";
import { signIn } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

/** What somebody tries to get in by. Resolves to whom it lets in, or to the code that it is refused with. */
export type Probe = (auth: FullAuth) => Promise<string>;

/** People, and what they hold. */
export interface Estate {
  readonly probes: Readonly<Record<string, Probe>>;
}

/** Lets people live until there is something of everything. */
export async function estate(here: World): Promise<Estate> {
  const { client: cookie } = await signIn(here, "ada1@example.com");
  const { grant } = await signIn(here, "ada1@example.com", "bearer");
  const auth = here.server();
  const second = await auth.sessions.refresh({ refreshToken: grant.refreshToken ?? "" });
  const third = await auth.sessions.refresh({ refreshToken: second.refreshToken ?? "" });
  await here.turn("1m"); // the leeway is over
  const leaving = here.another({ storage: leavingRecords(here.driver()) });
  const ended = await signIn(here, "grace@example.com");
  const endedBearer = await signIn(here, "grace@example.com", "bearer");
  const early = await pending(here, "grace@example.com");
  await leaving.sessions.endAll({ userId: ended.grant.user.id });
  const removed = await signIn(here, "bob@example.com");
  await leaving.account.remove({ userId: removed.grant.user.id });
  const first = await pending(here, "ada3@example.com"); // one bit from another's address
  return {
    probes: {
      "a cookie": checking(cookie.headers),
      "an access token": checking(new Headers({ authorization: `Bearer ${third.accessToken}` })),
      "a refresh token": refreshing(third.refreshToken),
      "a code": typing(first),
      "an address": finding("ada1@example.com"),
      "a refresh token that was used": refreshing(second.refreshToken),
      "a refresh token of a session that was ended": refreshing(endedBearer.grant.refreshToken),
      "a cookie of a session that was ended": checking(ended.client.headers),
      "a cookie of an account that was removed": checking(removed.client.headers),
      "a code from before all sessions were ended": typing(early),
      "a wrong code": typing({ ...first, code: first.code === "000000" ? "000001" : "000000" }),
      ...await signed(here),
    },
  };
}

/** What somebody signs who has a passkey and a key, and had others. */
async function signed(here: World): Promise<Estate["probes"]> {
  const { client: owner } = await signIn(here, "cyd@example.com");
  const [held, lost, stranger] = [device(here), device(here), here.person()];
  await registers(owner, held);
  await owner.passkey.remove({ id: (await registers(owner, lost)).id });
  await addsKey(owner, ADA);
  await owner.key.remove({ id: (await addsKey(owner, BOB)).id });
  const passkey = await signingIn(stranger, held);
  const asked = (pair: KeyPair) => stranger.key.startSignIn({ publicKey: pair.x });
  const step = await asked(ADA);
  const { response } = passkey.credential;
  const forged = saying(passkey.credential, { signature: turned(response.signature, 40) });
  return {
    "a passkey": byPasskey(passkey),
    "a key": byKey(await answering(ADA, step)),
    "a passkey that was removed": byPasskey(await signingIn(stranger, lost)),
    "a key that was removed": byKey(await answering(BOB, await asked(BOB))),
    "a passkey's signature of something else": byPasskey({ ...passkey, credential: forged }),
    "another key's signature": byKey(await answering(BOB, step)),
  };
}

function byPasskey(answer: FinishPasskeySignIn): Probe {
  return async (auth) => {
    const outcome = await told(auth.passkey.finishSignIn(answer));
    return "value" in outcome ? lets(outcome.value.user.id) : outcome.code;
  };
}

function byKey(answer: FinishKeySignIn): Probe {
  return async (auth) => {
    const outcome = await told(auth.key.finishSignIn(answer));
    return "value" in outcome ? lets(outcome.value.user.id) : outcome.code;
  };
}

interface Pending {
  readonly challengeId: string;
  readonly code: string;
}

async function pending(here: World, email: string): Promise<Pending> {
  const { challengeId } = await here.person().emailOtp.start({ email });
  return { challengeId, code: here.mailbox.code(email) };
}

function lets(whom: string | undefined): string {
  return whom === undefined ? "nobody" : `lets in ${whom}`;
}

function checking(headers: Headers): Probe {
  return async (auth) => {
    const outcome = await told(auth.getSession(headers));
    return "value" in outcome ? lets(outcome.value.user?.id) : outcome.code;
  };
}

function refreshing(refreshToken = ""): Probe {
  return async (auth) => {
    const outcome = await told(auth.sessions.refresh({ refreshToken }));
    return "value" in outcome ? lets(outcome.value.user.id) : outcome.code;
  };
}

function typing(answer: Pending): Probe {
  return async (auth) => {
    const outcome = await told(auth.emailOtp.verify(answer));
    return "value" in outcome ? lets(String(outcome.value.user.email)) : outcome.code;
  };
}

function finding(email: string): Probe {
  return async (auth) => {
    const outcome = await told(auth.users.find({ email }));
    return "value" in outcome ? lets(outcome.value?.id) : outcome.code;
  };
}

/** Makes a store say exactly this again. */
export async function restore(driver: Driver, contents: ReadonlyMap<string, string>): Promise<void> {
  const found = new Map(await Array.fromAsync(driver.entries("")));
  for (const [key, text] of contents) if (found.get(key) !== text) await driver.setItem(key, text);
  for (const key of found.keys()) if (!contents.has(key)) await driver.removeItem(key);
}

/** A text one bit of which turned over, as a driver reads it. */
export function flipped(text: string, at: number, bit: number): string {
  const bytes = new TextEncoder().encode(text);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return new TextDecoder().decode(bytes);
}
