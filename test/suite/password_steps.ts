// Accounts with passwords, and hashes that are counted.
import type { PasswordOptions } from "../../src/features/password/options.ts";
import type { NewPasswordUser } from "../../src/features/password/contract.ts";
import type { Grant } from "../../src/model.ts";
import type { Client } from "./client.ts";
import { quick } from "./hashing.ts";
import { FIRST, stepOf } from "./password_holder.ts";
import type { World } from "./world.ts";

/** Makes an account with a password, and proves its address. */
export async function signsUp(
  { person, mailbox }: World,
  email: string,
  given: Partial<NewPasswordUser> = {},
  somebody: Client = person(),
): Promise<{ readonly client: Client; readonly grant: Grant }> {
  const challengeId = stepOf(await somebody.password.signUp({ email, password: FIRST, ...given }));
  const grant = await somebody.password.verifySignUp({ challengeId, code: mailbox.code(email) });
  return { client: somebody, grant };
}

/** An account that the application made, with a password. */
export async function made(
  { server }: World,
  email: string,
  { password = FIRST, emailVerified = true }: {
    readonly password?: string;
    readonly emailVerified?: boolean;
  } = {},
): Promise<string> {
  const { password: { hash }, users } = server();
  return (await users.create({ email, emailVerified, passwordHash: await hash({ password }) })).id;
}

/** Quick hashes that are counted. */
export function counting(): {
  readonly password: PasswordOptions;
  readonly count: { hashed: number; judged: number };
} {
  const count = { hashed: 0, judged: 0 };
  const password: PasswordOptions = {
    hash: {
      hash(password) {
        count.hashed++;
        return quick(password);
      },
      verify(password, kept) {
        count.judged++;
        return quick(password) === kept;
      },
    },
  };
  return { password, count };
}
