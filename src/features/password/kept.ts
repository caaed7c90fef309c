import { matching, openObject, type Schema, whole } from "../../base/schema.ts";
import type { Core } from "../../core/core.ts";
import type { Slot } from "../../core/slots.ts";

/** What an account keeps of its password. */
export interface KeptPassword {
  readonly hash: string;
  /** When it was chosen, in epoch milliseconds. */
  readonly setAt: number;
}

const SHAPE: Schema<KeptPassword> = openObject<KeptPassword>({
  hash: matching(/^/, "a text"),
  setAt: whole({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

/** Where accounts keep it. */
export function keptPasswords({ accounts }: Pick<Core, "accounts">): Slot<KeptPassword> {
  return accounts.slot("password", SHAPE);
}
