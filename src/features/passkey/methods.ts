import type { Core } from "../../core/core.ts";
import type { Passkey } from "./contract.ts";
import { registration } from "./registration.ts";
import type { PasskeySettings } from "./settings.ts";
import { signingIn } from "./signing_in.ts";
import { managing } from "./managing.ts";

/** The methods of passkeys. */
export function methods(core: Core, settings: PasskeySettings): Passkey {
  return { ...registration(core, settings), ...signingIn(core, settings), ...managing(core, settings) };
}
