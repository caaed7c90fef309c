import { account } from "./account/feature.ts";
import { challenges } from "./challenges/feature.ts";
import { devices } from "./devices/feature.ts";
import { emailOtp } from "./email_otp/feature.ts";
import { key } from "./key/feature.ts";
import { magicLink } from "./magic_link/feature.ts";
import { mail } from "./mail/feature.ts";
import { passkey } from "./passkey/feature.ts";
import { password } from "./password/feature.ts";
import { sessions } from "./sessions/feature.ts";
import { users } from "./users/feature.ts";
import { wellKnown } from "./well_known/feature.ts";

/** The features that are always on. */
export const always: {
  readonly account: typeof account;
  readonly challenges: typeof challenges;
  readonly devices: typeof devices;
  readonly mail: typeof mail;
  readonly sessions: typeof sessions;
  readonly users: typeof users;
  readonly wellKnown: typeof wellKnown;
} = { account, challenges, devices, mail, sessions, users, wellKnown };

/** The features that are on when the options name them. */
export const chosen: {
  readonly emailOtp: typeof emailOtp;
  readonly key: typeof key;
  readonly magicLink: typeof magicLink;
  readonly passkey: typeof passkey;
  readonly password: typeof password;
} = { emailOtp, key, magicLink, passkey, password };
