import { iso } from "../base/iso.ts";
import { newId } from "../crypto/token.ts";
import type { ClientInfo } from "../model.ts";
import type { Platform } from "../platform.ts";
import type { Owner } from "./account_record.ts";
import type { Mail } from "./mail.ts";

/** Something that was done to an account, and that its owner is to know. */
export interface Notice {
  /** The kind of the mail. */
  readonly kind: string;
  /** What it tells; when it was done is added. */
  readonly data: Readonly<Record<string, string>>;
  readonly client: ClientInfo | undefined;
}

/** Mails it to the address that the account has proven, behind the reply. Without one, or without the option `email`, nobody is told:
 * what was done stands. */
export type Notify = (owner: Owner, notice: Notice) => void;

/** Tells owners what was done to their accounts. */
export function notices(mail: Mail | null, { now, random }: Platform): Notify {
  return ({ uid: userId, account }, { kind, data, client }) => {
    const address = account.identifiers.find(({ type, proven }) => type === "email" && proven)?.value;
    if (mail === null || address === undefined) return;
    const idempotencyKey = newId(random);
    const letter = {
      kind,
      data: { ...data, at: iso(now()) },
      client,
      userId,
      idempotencyKey,
    };
    mail.behind(async () => await mail.to({ address })(letter));
  };
}
