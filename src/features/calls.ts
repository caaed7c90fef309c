import type { Calls } from "../contract.ts";
import { type Account, calls as account } from "./account/contract.ts";
import { calls as challenges, type Challenges } from "./challenges/contract.ts";
import { calls as devices, type Devices } from "./devices/contract.ts";
import { calls as emailOtp, type EmailOtp } from "./email_otp/contract.ts";
import { calls as key, type Key } from "./key/contract.ts";
import { calls as magicLink, type MagicLink } from "./magic_link/contract.ts";
import { calls as passkey, type Passkey } from "./passkey/contract.ts";
import { calls as password, type LocalPassword, type Password } from "./password/contract.ts";
import { calls as sessions, type LocalSessions, type Sessions } from "./sessions/contract.ts";
import { calls as wellKnown, type WellKnown } from "./well_known/contract.ts";

/** The features that have routes, and their methods. */
export interface Routed {
  readonly account: Account;
  readonly challenges: Challenges;
  readonly devices: Devices;
  readonly emailOtp: EmailOtp;
  readonly key: Key;
  readonly magicLink: MagicLink;
  readonly passkey: Passkey;
  readonly password: Omit<Password, LocalPassword>;
  readonly sessions: Omit<Sessions, LocalSessions>;
  readonly wellKnown: WellKnown;
}

/** Where each method is reached: all that a client has to know. */
export const calls: { readonly [K in keyof Routed]: Calls<Routed[K]> } = {
  account,
  challenges,
  devices,
  emailOtp,
  key,
  magicLink,
  passkey,
  password,
  sessions,
  wellKnown,
};
