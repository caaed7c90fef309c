/** Making plug-ins: a way of signing in, or anything else with methods and routes, the same thing as a built-in feature.
 * @example Usage
 * ```ts
 * import { definePlugin } from "@latchkey/auth/plugin";
 *
 * const empty = definePlugin({ name: "empty", calls: {}, routes: {}, create: () => ({}) });
 * ```
 * @module */
export { definePlugin } from "../plugins/define.ts";
export { AuthError } from "../errors.ts";
export {
  duration,
  email,
  type Fields,
  flag,
  id,
  list,
  matching,
  object,
  oneOf,
  optional,
  type Schema,
  text,
} from "../base/schema.ts";
export type { Range, Report } from "../base/report.ts";
export type {
  Call,
  Caller,
  LimitKind,
  Mails,
  MaybeCaller,
  MembersOf,
  Plugin,
  Route,
  Routes,
  SecretMember,
  Wire,
} from "../contract.ts";
export type { ErrorBody, ErrorCode, ErrorDetails, ErrorRow, ERRORS, Issue, OwnErrorCode } from "../errors.ts";
export type { Level } from "../events.ts";
export type { Log, Platform } from "../platform.ts";
export type {
  ClientInfo,
  Grant,
  MailedStep,
  MailTemplate,
  MailText,
  MailWordings,
  Page,
  Redirect,
  Session,
  SessionMode,
  User,
} from "../model.ts";
export type {
  AfterSignIn,
  AfterSignOut,
  BeforeSignIn,
  BeforeSignUp,
  Hooks,
  Verdict,
} from "../options/hooks.ts";
export type {
  Delivery,
  PluginDefinition,
  PluginFactory,
  PluginLetter,
  PluginRate,
  PluginSlot,
  PluginTools,
  PluginValue,
  PluginVerdict,
  Proof,
  SignInHow,
  StepAnswer,
  StepOptions,
  Steps,
} from "../plugins/contract.ts";
