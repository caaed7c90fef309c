import type { MailWordings, NoticeMail } from "../../model.ts";
import { added, removed } from "../notices.ts";

const WHAT = { en: "key", de: "ein Schlüssel" };

/** Says that a key was added. */
export const addedMail: MailWordings<NoticeMail> = added(WHAT);

/** Says that a key was removed. */
export const removedMail: MailWordings<NoticeMail> = removed(WHAT);
