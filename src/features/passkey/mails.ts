import type { MailWordings, NoticeMail } from "../../model.ts";
import { added, removed } from "../notices.ts";

const WHAT = { en: "passkey", de: "ein Passkey" };

/** Says that a passkey was added. */
export const addedMail: MailWordings<NoticeMail> = added(WHAT);

/** Says that a passkey was removed. */
export const removedMail: MailWordings<NoticeMail> = removed(WHAT);
