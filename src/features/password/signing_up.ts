import type { Account, Owner, Value } from "../../core/account_record.ts";
import type { Become, Wanted } from "../../core/gate.ts";
import type { SessionMode } from "../../model.ts";
import type { Password, PasswordSignUp } from "./contract.ts";
import { AMR, type Ground, pending, right } from "./ground.ts";

/** What is said beforehand of an account. */
interface Born {
  readonly hash: string;
  readonly name: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Making accounts. */
export function signingUp(
  { core, settings, recipes, engine, policy, kept }: Ground,
): Pick<Password, "signUp" | "verifySignUp"> {
  const { accounts, mailedSteps, platform, signIn } = core;

  /** A new account gets its password in the swap that makes it. One that somebody has proven to be theirs meanwhile is no new one. */
  function bearing({ hash, name, fields }: Born): Become {
    const setAt = platform.now();
    return (account, { is }) =>
      is === "as it was" ? "identifier_taken" : kept.put({ ...account, name, fields }, { hash, setAt });
  }

  async function born({ email, password, name: said, ...fields }: Said): Promise<Born> {
    const name = said ?? null;
    const profiles = await core.profiles();
    const own = await profiles.born({ name, ...fields });
    await policy.check(password, { identifiers: [email], name }, "password");
    return { hash: await engine.hash(password), name, fields: own };
  }

  return {
    async signUp({ session, audience, client, userId, sessionId, ...said }) {
      const mode = signIn.mode(session, audience);
      const value = { type: "email", value: said.email } as const;
      const made = await born(said);
      if (!settings.signUp.verify) {
        const wanted: Wanted = {
          session,
          audience,
          amr: AMR.password,
          client,
          replaces: { userId, sessionId },
        };
        return await signIn.found({ value, become: bearing(made) }, wanted);
      }
      const owner = await accounts.find(value);
      const step = await mailedSteps.start(recipes.signUp, {
        subject: said.email,
        owner,
        silent: owner !== null && isProven(owner, value), // its owner is told by mail, and nobody else
        client,
        held: {
          hash: made.hash,
          profile: JSON.stringify({ name: made.name, fields: made.fields }),
          session: mode,
          ...(audience !== undefined && { audience }),
        },
      });
      return pending(step);
    },
    async verifySignUp({ challengeId, code, session, audience, client, userId, sessionId }) {
      signIn.mode(session, audience); // a way of carrying it that is off costs no guess
      const answered = right(await mailedSteps.answer(recipes.signUp, challengeId, { code, client }));
      const { subject, noted, held, paid } = answered;
      const { hash = "", profile = "" } = held; // as they were put there
      const { name, fields } = JSON.parse(profile) as Pick<Account, "name"> & Pick<Born, "fields">;
      const value = { type: "email", value: subject } as const;
      return await signIn.finish({ value, noted, become: bearing({ hash, name, fields }) }, {
        session: session ?? held["session"] as SessionMode,
        audience: audience ?? held["audience"],
        amr: AMR.both,
        client,
        replaces: { userId, sessionId },
        paid,
      });
    },
  };
}

/** What is said of whoever signs up. */
type Said = Omit<PasswordSignUp, "session" | "audience" | "client" | "userId" | "sessionId">;

function isProven({ account }: Owner, { type, value }: Value): boolean {
  return account.identifiers.some((one) => one.type === type && one.value === value && one.proven);
}
