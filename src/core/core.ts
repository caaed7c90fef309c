import { lazy, loaded } from "../base/lazy.ts";
import type { Mails } from "../contract.ts";
import { type Keyring, keyring } from "../crypto/keyring.ts";
import type { Hashing, Passwords } from "../crypto/passwords/passwords.ts";
import type { OpenApi } from "../model.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import { type Store, store as storeOf } from "../store/collection.ts";
import type { Driver } from "../store/driver.ts";
import type { Sweeper } from "../store/sweeper.ts";
import { type AccessTokens, accessTokens } from "./access_tokens.ts";
import { type Accounts, accounts as accountsOf } from "./accounts.ts";
import { type Authority, authority } from "./authority.ts";
import { bounces } from "./bounces.ts";
import type { About, CredentialGround, Credentials, Kind } from "./credentials.ts";
import { type Events, events as eventsOf } from "./events.ts";
import type { Births } from "./births.ts";
import { type Challenges, challenges as challengesOf } from "./challenges.ts";
import { type Devices, devices as devicesOf } from "./devices.ts";
import type { Counting, Guesses } from "./guesses.ts";
import { type Foundation, foundation as foundationOf } from "./foundation.ts";
import { type Limits, limits as limitsOf } from "./limits.ts";
import { type HookPoints, hookPoints } from "./hooks.ts";
import { type Mail, mail as mailOf } from "./mail.ts";
import type { MailedGround, MailedSteps, Recipe } from "./mailed_steps.ts";
import type { Notify } from "./notices.ts";
import type { ProfileGround, Profiles } from "./profile.ts";
import type { RememberedDevices } from "./remembered.ts";
import type { Replies, ReplyGround } from "./replies.ts";
import { type Removal, removal } from "./removal.ts";
import { type Sessions, sessions as sessionsOf } from "./sessions.ts";
import { type SignIn, signIn } from "./sign_in.ts";
import { type SigningKeys, signingKeys } from "./signing_keys.ts";
import type { SweepOptions, Swept } from "./sweep.ts";
import { sessionView, userView } from "./views.ts";

/** What features share. */
export interface Core {
  readonly platform: Platform;
  /** The options, but for the secrets: those only the keyring sees. */
  readonly settings: Omit<Settings, "secrets">;
  readonly events: Events;
  readonly foundation: Foundation;
  readonly limits: Limits;
  readonly signingKeys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly challenges: Challenges;
  readonly accounts: Accounts;
  /** What features take of a new account. */
  readonly births: Births;
  readonly devices: Devices;
  readonly guesses: Guesses;
  readonly sessions: Sessions;
  readonly authority: Authority;
  /** The credentials of a kind. */
  readonly credentials: <T extends About>(kind: Kind<T>) => Promise<Credentials<T>>;
  readonly profiles: () => Promise<Profiles>;
  /** What hashes passwords. */
  readonly passwords: (hashing: Hashing) => Promise<Passwords>;
  /** The devices that accounts remember. */
  readonly remembered: () => Promise<RememberedDevices>;
  /** Tells owners what was done to their accounts. */
  readonly notify: () => Promise<Notify>;
  readonly replies: () => Promise<Replies>;
  readonly remove: Removal;
  readonly mail: Mail;
  readonly mailedSteps: MailedSteps;
  readonly hooks: HookPoints;
  readonly signIn: SignIn;
  /** How accounts and sessions are told. */
  readonly views: { readonly user: typeof userView; readonly session: typeof sessionView };
  /** Describes all routes. `auth.ts` knows them. */
  readonly openapi: () => Promise<OpenApi>;
  /** Asks the store for something that is always there. @throws {AuthError} `storage_unavailable` and its like */
  readonly ask: () => Promise<void>;
  /** Goes through the whole store once. */
  readonly sweep: (options: SweepOptions) => Promise<Swept>;
  /** Ends what is under way, and lets go of the store. */
  readonly close: () => Promise<void>;
}

/** Puts it together, each part on those before it. */
export function assemble(
  driver: Driver,
  platform: Platform,
  settings: Settings,
  mails: Mails,
): Omit<Core, "openapi"> {
  const store: Store = storeOf(driver, platform, settings.storageDeadline * 1000);
  const keys = keyring(settings.secrets, platform.random);
  const events = eventsOf(platform, settings.log);
  const given = { platform, settings, events };
  const signing = signingKeys({ store, keyring: keys, events, jwt: settings.jwt });
  const foundation = foundationOf(store, keys, signing.prepare);
  const limits = limitsOf(store, foundation);
  const tokens = accessTokens(signing, platform, settings.jwt);
  const challenges = challengesOf(store);
  const accounts = accountsOf(store, foundation);
  const devices = devicesOf(keys, platform.now, settings.devices);
  const guesses = counted({ store, events, foundation, limits, devices, settings: settings.guesses });
  const ground = { store, events, accounts, accessTokens: tokens, settings: settings.session };
  const sessions = sessionsOf({ ...ground, keyring: keys });
  const hooks = hookPoints(settings.hooks, platform, events);
  const mail = mailOf(settings.email, { platform, events, mails, bounces: bounces(store, foundation) });
  const allowed = authority(sessions, platform, settings.session);
  const rare = rarely({ ...given, store, keyring: keys, foundation, accounts, authority: allowed, mail });
  const owners = [foundation, limits, signing, accounts, sessions, challenges];
  return {
    ...given,
    foundation,
    limits,
    signingKeys: signing,
    accessTokens: tokens,
    challenges,
    accounts,
    births: new Map(),
    devices,
    guesses,
    sessions,
    authority: allowed,
    ...rare,
    remove: removal(accounts, sessions, events, platform.now),
    mail,
    mailedSteps: mailed({ store, keyring: keys, challenges, guesses, mail }),
    hooks,
    signIn: signIn({ ...ground, sessions, devices, guesses, hooks }),
    views: { user: userView, session: sessionView },
    ask: foundation.ask,
    sweep: sweeping({ store, foundation, keyring: keys, replies: rare.replies }, owners),
    close: closing(mail, driver),
  };
}

function closing(mail: Mail, driver: Driver): Core["close"] {
  return async () => {
    await mail.close();
    await driver.dispose();
  };
}

/** What few requests need: it is loaded when it is used. */
function rarely(
  ground: ProfileGround & ReplyGround & CredentialGround,
): Pick<Core, "credentials" | "notify" | "passwords" | "profiles" | "remembered" | "replies"> {
  const { accounts, mail, platform, settings } = ground;
  return {
    credentials: async (kind) => (await import("./credentials.ts")).credentials(ground, kind),
    notify: loaded(async () =>
      (await import("./notices.ts")).notices(settings.email === null ? null : mail, platform)
    ),
    passwords: async (hashing) =>
      (await import("../crypto/passwords/passwords.ts")).passwords(hashing, platform),
    remembered: loaded(async () => (await import("./remembered.ts")).rememberedDevices(accounts.slot)),
    profiles: loaded(async () => (await import("./profile.ts")).profiles(ground)),
    replies: loaded(async () => (await import("./replies.ts")).replies(ground)),
  };
}

/** What only those need who sign in. */
function counted(ground: Counting): Guesses {
  const methods = { pay: true, unpay: true, settle: true, post: true, unpost: true };
  return lazy<Guesses>(methods, async () => (await import("./guesses.ts")).guesses(ground));
}

/** What only those need who are mailed; which kinds of steps there are is known from the start. */
function mailed(ground: MailedGround): MailedSteps {
  const recipes = new Map<string, Recipe>();
  const methods = { start: true, resend: true, answer: true, look: true, follow: true };
  const load = async () => (await import("./mailed_steps.ts")).mailedSteps(ground, recipes);
  return {
    add: (recipe) => void recipes.set(recipe.kind, recipe),
    ...lazy<Omit<MailedSteps, "add">>(methods, load),
  };
}

/** Whoever has records that a sweep goes through. */
interface Owning {
  readonly sweepers: readonly Sweeper[];
}

/** What a sweep needs besides. */
interface Sweeping extends Pick<Core, "foundation" | "replies"> {
  readonly store: Store;
  readonly keyring: Keyring;
}

function sweeping(
  { store, foundation, keyring: { fingerprints }, replies }: Sweeping,
  owners: readonly Owning[],
): Core["sweep"] {
  return async (options) => {
    await foundation.renew();
    const { sweep } = await import("./sweep.ts"); // few processes need it
    const sweepers = [...owners, await replies()].flatMap((owner) => owner.sweepers);
    return await sweep({ store, sweepers, fingerprints }, options);
  };
}
