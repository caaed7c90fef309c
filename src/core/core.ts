import type { Mails } from "../contract.ts";
import { keyring } from "../crypto/keyring.ts";
import type { Settings } from "../options.ts";
import type { Platform } from "../platform.ts";
import { type Store, store as storeOf } from "../store/collection.ts";
import type { Driver } from "../store/driver.ts";
import { type AccessTokens, accessTokens } from "./access_tokens.ts";
import { type Accounts, accounts as accountsOf } from "./accounts.ts";
import { type Challenges, challenges as challengesOf } from "./challenges.ts";
import { devices as devicesOf } from "./devices.ts";
import { type Foundation, foundation as foundationOf } from "./foundation.ts";
import { type Limits, limits as limitsOf } from "./limits.ts";
import { type HookPoints, hookPoints } from "./hooks.ts";
import { type Mail, mail as mailOf } from "./mail.ts";
import { type MailedSteps, mailedSteps } from "./mailed_steps.ts";
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
  readonly foundation: Foundation;
  readonly limits: Limits;
  readonly signingKeys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly challenges: Challenges;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly remove: Removal;
  readonly mail: Mail;
  readonly mailedSteps: MailedSteps;
  readonly hooks: HookPoints;
  readonly signIn: SignIn;
  /** How accounts and sessions are told. */
  readonly views: { readonly user: typeof userView; readonly session: typeof sessionView };
  /** Asks the store for something that is always there. @throws {AuthError} `storage_unavailable` and its like */
  readonly ask: () => Promise<void>;
  /** Goes through the whole store once. */
  readonly sweep: (options: SweepOptions) => Promise<Swept>;
  /** Ends what is under way, and lets go of the store. */
  readonly close: () => Promise<void>;
}

/** Puts it together, each part on those before it. */
export function assemble(driver: Driver, platform: Platform, settings: Settings, mails: Mails): Core {
  const store: Store = storeOf(driver, platform, settings.storageDeadline * 1000);
  const keys = keyring(settings.secrets, platform.random);
  const signing = signingKeys(store, keys, settings.jwt.algorithm);
  const foundation = foundationOf(store, keys, signing.reseal);
  const limits = limitsOf(store, foundation);
  const tokens = accessTokens(signing, platform, settings.jwt);
  const challenges = challengesOf(store);
  const accounts = accountsOf(store, foundation);
  const devices = devicesOf(keys, platform.now, settings.devices);
  const session = settings.session;
  const sessions = sessionsOf({ store, keyring: keys, accounts, accessTokens: tokens, settings: session });
  const hooks = hookPoints(settings.hooks, platform);
  const mail = mailOf(settings.email, platform, mails);
  return {
    platform,
    settings,
    foundation,
    limits,
    signingKeys: signing,
    accessTokens: tokens,
    challenges,
    accounts,
    sessions,
    remove: removal(accounts, sessions, platform.now),
    mail,
    mailedSteps: mailedSteps({ platform, keyring: keys, challenges, mail }),
    hooks,
    signIn: signIn({ accounts, sessions, devices, accessTokens: tokens, hooks, settings: session }),
    views: { user: userView, session: sessionView },
    ask: foundation.ask,
    async sweep(options) {
      await foundation.renew();
      const { sweep } = await import("./sweep.ts"); // few processes need it
      const sweepers = [foundation, limits, signing, accounts, sessions, challenges].flatMap((one) =>
        one.sweepers
      );
      return await sweep({ store, sweepers, fingerprints: keys.fingerprints }, options);
    },
    async close() {
      await mail.close();
      await driver.dispose();
    },
  };
}
