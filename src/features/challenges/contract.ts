import type { Calls, MaybeCaller } from "../../contract.ts";
import type { MailedStep } from "../../model.ts";

/** Steps that wait for something mailed. */
export interface Challenges {
  /** Mails a new code for a step that is under way; the code before it stays right until it expires. Before `resendAt` nothing
   * is sent, and the answer says so by the same `resendAt`.
   * @throws {AuthError} `challenge_invalid`, `mail_failed`
   * @example Usage
   * ```ts ignore
   * const { resendAt } = await auth.challenges.resend({ challengeId });
   * ``` */
  resend(input: Resend): Promise<MailedStep>;
}

/** What {@link Challenges.resend} takes. */
export interface Resend {
  /** From the step's start. */
  readonly challengeId: string;
  /** Where the request came from. */
  readonly client?: MaybeCaller["client"];
}

/** Where each method is reached. */
export const calls: Calls<Challenges> = { resend: "POST /challenges/resend" };
