import { matching, object, parse } from "../../base/schema.ts";
import type { Birth } from "../../core/births.ts";
import type { Core } from "../../core/core.ts";
import { AuthError } from "../../errors.ts";
import { changing } from "./changing.ts";
import type { Password } from "./contract.ts";
import type { Ground } from "./ground.ts";
import { keptPasswords } from "./kept.ts";
import { policy } from "./policy.ts";
import type { Recipes } from "./recipes.ts";
import { resetting } from "./resetting.ts";
import type { PasswordSettings } from "./settings.ts";
import { signingIn } from "./signing_in.ts";
import { signingUp } from "./signing_up.ts";

/** The methods of passwords, and what a new account takes of them. */
export interface Made extends Password {
  readonly birth: Birth;
}

const anyText = () => matching(/^/, "a text");

/** Makes them. */
export async function made(core: Core, settings: PasswordSettings, recipes: Recipes): Promise<Made> {
  const engine = await core.passwords(settings.hash);
  const ground: Ground = {
    core,
    settings,
    recipes,
    engine,
    kept: keptPasswords(core),
    policy: policy(settings.policy, { ...core.platform, unasked: unasked(core) }),
    devices: await core.remembered(),
    notify: await core.notify(),
  };
  return {
    ...signingUp(ground),
    ...signingIn(ground),
    ...changing(ground),
    ...resetting(ground),
    hash: async (input) => await engine.hash(parse(hashing, input).password),
    async verify(input) {
      const { password, hash } = parse(verifying, input);
      return await engine.verify(password, hash);
    },
    birth: birthOf(ground),
  };
}

/** Tells of it. */
function unasked({ events }: Core): (cause: unknown) => void {
  const message = "A password was accepted, though the list of known ones could not be asked.";
  return (cause) => events.emit("error", { code: "internal", message, cause });
}

const hashing = object<{ readonly password: string }>({ password: anyText() });
const verifying = object<{ readonly password: string; readonly hash: string }>({
  password: anyText(),
  hash: anyText(),
});

/** A hash from elsewhere becomes the password of a new account. */
function birthOf({ engine, kept, core: { platform } }: Ground): Birth {
  return (given) => {
    if (typeof given !== "string" || !engine.isKnown(given)) return Promise.reject(unknownHash());
    const setAt = platform.now();
    return Promise.resolve((account) => kept.put(account, { hash: given, setAt }));
  };
}

function unknownHash(): AuthError {
  const message =
    "must be a hash that could be verified: a PHC string of Argon2id, scrypt or PBKDF2, or bcrypt";
  return new AuthError("input_invalid", { issues: [{ path: "passwordHash", message }] });
}
