import memory from "../drivers/memory.ts";
import { checks } from "./auth/checks.ts";
import type { Auth, BaseAuth } from "./auth/face.ts";
import { loaded } from "./base/lazy.ts";
import { report } from "./base/report.ts";
import { callable, flag, object, optional, parse } from "./base/schema.ts";
import { assemble, type Core } from "./core/core.ts";
import type { SweepOptions } from "./core/sweep.ts";
import type { Endpoint, Method } from "./endpoint.ts";
import { AuthError } from "./errors.ts";
import { always, chosen } from "./features/index.ts";
import type { Health, KeySet } from "./features/well_known/contract.ts";
import { handler } from "./http/handler.ts";
import { type SessionCookie, sessionCookie } from "./http/reply.ts";
import { featuresOf, made, mailsOf } from "./join.ts";
import type { OpenApi } from "./model.ts";
import { type AuthOptions, type Settings, settingsOf } from "./options.ts";
import { namedRoutes } from "./options/limits.ts";
import type { LoggerSettings } from "./options/logger.ts";
import { checkRelations } from "./options/relations.ts";
import { warningsOf } from "./options/warnings.ts";
import { type Log, type Platform, platformOf } from "./platform.ts";
import { adopt } from "./store/adopt.ts";
import type { Driver } from "./store/driver.ts";

/** Makes the authentication of an application: typed methods, and one Fetch handler.
 * @throws {AuthError} `config_invalid` with everything that is wrong with the options, and what would be right
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 *
 * const auth = createAuth({
 *   secret: "a-secret-of-32-characters-or-more",
 *   baseUrl: "http://localhost:3000",
 *   email: { from: "no-reply@example.com", send: (m) => console.log(m.text) },
 *   emailOtp: true,
 * });
 * const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
 * ``` */
export function createAuth<const O extends AuthOptions>(options: O): Auth<O> {
  const problems = report();
  const settings = settingsOf(options, problems);
  checkRelations(Object(options), settings, problems);
  const features = featuresOf({ always, chosen }, Object(options), settings, problems);
  namedRoutes(settings.limits, features.flatMap(({ calls }) => Object.values(calls)), problems);
  const mails = mailsOf({ always, chosen }, Object(options), settings, problems);
  const platform = platformOf(options?.platform, problems, warningsTo(settings.log));
  problems.settle();
  const driver = options.storage === undefined
    ? inMemory(platform)
    : adopt(options.storage, { allowUnsafe: options.allowUnsafeStorage !== undefined, platform });
  const core: Core = {
    ...assemble(driver, platform, settings, mails),
    openapi: loaded(() => described(endpoints, settings)),
  };
  const cookie = sessionCookie(settings.cookie, settings.session.ttl, settings.devices.ttl);
  const { methods, endpoints } = made(features, core, problems);
  for (const warning of warningsOf(settings)) platform.log.warn(warning);
  const { wellKnown = {}, ...named } = methods;
  const limiter = loaded(async () => (await import("./http/limiter.ts")).limiter(core)); // where nothing is limited nobody needs it
  const base: Omit<BaseAuth, "sessions" | "account" | "users" | "challenges" | "devices" | "mail"> = {
    handler: handler(endpoints, core, cookie, limiter),
    limit: async (request, limit) => await (await limiter()).own(request, limit),
    ...checks(core),
    ...face(core, cookie, wellKnown),
    storage: {
      get atomicity() {
        return driver.atomicity;
      },
    },
    sweep: async (given = {}) => await core.sweep(parse(sweepOptions, given)),
    ready: async () => await core.foundation.ready(),
    on: core.events.on,
    close: core.close,
  };
  // The features are looked up by name: that each has the methods of its interface is checked where it is written.
  return { ...base, ...named } as unknown as Auth<O>;
}

/** What is neither a feature nor a check. */
function face(
  core: Core,
  cookie: SessionCookie,
  wellKnown: Readonly<Record<string, Method>>,
): Pick<BaseAuth, "origin" | "cookies" | "clearCookies" | "signingKeys" | "health" | "openapi"> {
  return {
    origin: core.settings.origin,
    cookies(grant) {
      const issued = core.signIn.issued(grant);
      if (issued === null) {
        const message = "must be the grant itself, as a method answered it: a copy has lost its cookie";
        throw new AuthError("input_invalid", { issues: [{ path: "grant", message }] });
      }
      return cookie.set(issued);
    },
    clearCookies: () => [cookie.clear()],
    signingKeys: {
      jwks: () => wellKnown["jwks"]?.({}) as Promise<KeySet>,
      async rotate(given = {}) {
        const { revoke } = parse(rotating, given);
        await core.foundation.ready();
        return await core.signingKeys.rotate({ revoke: revoke === true });
      },
    },
    health: () => wellKnown["health"]?.({}) as Promise<Health>,
    openapi: core.openapi, // it does not ask the store
  };
}

/** All routes in OpenAPI 3.1; few processes are asked for it. */
async function described(endpoints: readonly Endpoint[], settings: Settings): Promise<OpenApi> {
  const { describe } = await import("./http/openapi.ts");
  const { outputs } = await import("./features/outputs.ts");
  const url = settings.origin + settings.basePath;
  return describe({
    endpoints,
    outputs,
    url,
    cookie: settings.cookie.name,
    hasFields: settings.users.fields !== null,
    limits: settings.limits.routes,
  });
}

const rotating = object<{ readonly revoke?: boolean | undefined }>({ revoke: optional(flag()) });

const sweepOptions = object<SweepOptions>({ onProgress: optional(callable()) });

/** Warnings of the configuration go where log lines go. */
function warningsTo({ logger, service }: LoggerSettings): Log | undefined {
  return logger === null ? undefined : {
    warn: (message, fields) => logger.warn({ service, event: "config.warning", message, ...fields }),
  };
}

function inMemory(platform: Platform): Driver {
  platform.log.warn(
    "storage is not set: accounts and sessions are kept in memory, and lost when this process ends.",
  );
  return memory({ now: platform.now });
}
