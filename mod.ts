/** Authentication in one function: users, sessions and sign-in codes in a store of your choice, behind one Fetch handler.
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 *
 * const auth = createAuth({
 *   secret: "a-secret-of-32-characters-or-more",
 *   baseUrl: "http://localhost:3000",
 *   email: { from: "no-reply@example.com", send: (m) => console.log(m.text) },
 *   emailOtp: true,
 * });
 * const response = await auth.handler(new Request("http://localhost:3000/auth/health"));
 * ```
 * @module */
export { createAuth } from "./src/auth.ts";
export { AuthError } from "./src/errors.ts";
export type {
  Auth,
  BaseAuth,
  Chosen,
  ChosenFeatures,
  Connection,
  Requirements,
  UserOf,
} from "./src/auth/face.ts";
export type { Duration } from "./src/base/duration.ts";
export type {
  Call,
  Caller,
  Calls,
  MaybeCaller,
  Plugin,
  PluginEvent,
  PluginMethods,
  PluginsOf,
} from "./src/contract.ts";
export type { Cause } from "./src/core/causes.ts";
export type { Explanation, Finding } from "./src/core/explain.ts";
export type { Listener } from "./src/core/events.ts";
export type { Rotation } from "./src/core/signing_keys.ts";
export type { SweepOptions, SweepProgress, Swept } from "./src/core/sweep.ts";
export type {
  AuthEvent,
  CredentialFields,
  DeviceFields,
  EventFields,
  EventName,
  Level,
  Logger,
  MailFields,
  SessionFields,
} from "./src/events.ts";
export type {
  ErrorBody,
  ErrorCode,
  ErrorDetails,
  ErrorRow,
  ERRORS,
  Issue,
  OwnErrorCode,
} from "./src/errors.ts";
export type { Account, OwnAccount, UpdateAccount } from "./src/features/account/contract.ts";
export type { Challenges, Resend } from "./src/features/challenges/contract.ts";
export type {
  DeviceInfo,
  DeviceList,
  Devices,
  OneDevice,
  OwnDevices,
} from "./src/features/devices/contract.ts";
export type {
  EmailOtp,
  EmailOtpOptions,
  EmailOtpStart,
  EmailOtpVerify,
} from "./src/features/email_otp/contract.ts";
export type {
  AddKey,
  FinishKeySignIn,
  Key,
  KeyInfo,
  KeyList,
  KeyOptions,
  KeyStep,
  OneKey,
  OwnKeys,
  PublicKey,
  RenameKey,
  StartAddKey,
  StartKeySignIn,
} from "./src/features/key/contract.ts";
export type {
  MagicLink,
  MagicLinkOptions,
  MagicLinkPage,
  MagicLinkStart,
  MagicLinkVerify,
} from "./src/features/magic_link/contract.ts";
export type { Bounced, Mail } from "./src/features/mail/contract.ts";
export type {
  AcceptedCredentials,
  FinishPasskeySignIn,
  FinishRegistration,
  OnePasskey,
  OwnPasskeys,
  Passkey,
  PasskeyInfo,
  PasskeyList,
  PasskeyOptions,
  PasskeySignInStep,
  RegistrationStep,
  RelatedOrigins,
  RenamePasskey,
  StartPasskeySignIn,
} from "./src/features/passkey/contract.ts";
export type {
  GoodLink,
  NewPasswordUser,
  OwnPassword,
  OwnPasswordCode,
  Password,
  PasswordChange,
  PasswordCode,
  PasswordResetCheck,
  PasswordResetFinish,
  PasswordResetStart,
  PasswordSignIn,
  PasswordSignInCode,
  PasswordSignUp,
  SessionWish,
  SetAnew,
} from "./src/features/password/contract.ts";
export type {
  BreachedOptions,
  BuiltInHashing,
  OwnHashing,
  PasswordChangeOptions,
  PasswordClass,
  PasswordHashOptions,
  PasswordOptions,
  PasswordOwner,
  PasswordPolicyOptions,
  PasswordResetOptions,
  PasswordSignInOptions,
  PasswordSignUpOptions,
} from "./src/features/password/options.ts";
export type {
  CreateSession,
  EndAll,
  Ended,
  EndOne,
  OfUser,
  Refresh,
  SessionList,
  Sessions,
} from "./src/features/sessions/contract.ts";
export type { CreateUser, NewUser, Removed, UpdateUser, Users } from "./src/features/users/contract.ts";
export type { Health, KeySet } from "./src/features/well_known/contract.ts";
export type {
  AccessToken,
  ClientInfo,
  CodeMail,
  ConnectionInfo,
  DoneMail,
  Grant,
  LinkMail,
  MailedStep,
  MailKinds,
  MailTemplate,
  MailTemplates,
  MailText,
  MailWordings,
  Message,
  NoticeMail,
  OpenApi,
  OwnLimit,
  Page,
  PendingStep,
  ProfileChange,
  Session,
  SessionMode,
  SignedIn,
  SignedOut,
  User,
  WithinLimit,
} from "./src/model.ts";
export type { AuthOptions } from "./src/options.ts";
export type { ClientIp } from "./src/options/client_ip.ts";
export type { CorsOptions } from "./src/options/cors.ts";
export type { CookieOptions } from "./src/options/cookie.ts";
export type {
  EmailOptions,
  LinkPages,
  RequestLocale,
  SmtpOptions,
  WeightedSmtp,
} from "./src/options/email.ts";
export type { RateLimit, RouteLimit } from "./src/options/limits.ts";
export type {
  AfterSignIn,
  AfterSignOut,
  BeforeSignIn,
  BeforeSignUp,
  Hooks,
  Verdict,
} from "./src/options/hooks.ts";
export type { ClaimsOf, JwtOptions, OwnKey } from "./src/options/jwt.ts";
export type { Operations, Override, Overrides } from "./src/options/overrides.ts";
export type { TrustedOrigins } from "./src/options/origins.ts";
export type { SessionOptions } from "./src/options/session.ts";
export type { FieldsIssue, FieldsResult, FieldsSchema, UsersOptions } from "./src/options/users.ts";
export type { Log, Platform } from "./src/platform.ts";
export type { Algorithm } from "./src/protocol/algorithms.ts";
export type {
  AuthenticationResponseJSON,
  CredentialJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialDescriptorJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "./src/protocol/webauthn_json.ts";
export type { Driver, MaybePromise, WriteOptions } from "./src/store/driver.ts";
