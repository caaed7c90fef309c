import { deadline } from "../base/deadline.ts";
import { AuthError } from "../errors.ts";
import type { ClientInfo } from "../model.ts";
import type { Hooks } from "../options/hooks.ts";
import type { Platform } from "../platform.ts";
import type { Events } from "./events.ts";

type Before = "beforeSignIn" | "beforeSignUp";
type After = "afterSignIn" | "afterSignUp" | "afterSignOut";
type Input<P extends Before | After> = Parameters<NonNullable<Hooks[P]>>[0];

/** The points at which the application's own code is asked and told. */
export interface HookPoints {
  /** Asks all hooks of a point in their order, until one denies.
   * @throws {AuthError} `sign_in_denied`: with the reason of a hook that denied, without one where a hook failed */
  readonly before: <P extends Before>(point: P, input: Input<P>, client?: ClientInfo) => Promise<void>;
  /** Tells all hooks of a point in their order. Never fails. */
  readonly after: <P extends After>(point: P, input: Input<P>, client?: ClientInfo) => Promise<void>;
  /** Further hooks, that come after those that are there. */
  readonly add: (hooks: Hooks) => void;
}

const PATIENCE = 5000; // ms
const LONGEST = 200; // characters of a reason

/** The hooks of the options, and those that are added. */
export function hookPoints(given: Hooks, platform: Platform, events: Events): HookPoints {
  const all = [given];
  const within = deadline(platform, PATIENCE, () => new Error(`no answer within ${PATIENCE} ms`));

  /** What a hook answers. It gets a copy: what it does to that changes nothing here. The device token is in none: it is as good as
   * a device, and a hook may log what it gets; nor are the links that the browser has begun, whose ids are told to it alone. */
  async function ask(
    hook: (input: never) => unknown,
    { client: { device: _, links: __, ...client }, ...input }: { readonly client: ClientInfo },
  ): Promise<unknown> {
    return await within((async () => await hook(structuredClone({ ...input, client }) as never))());
  }

  function failed(hook: string, cause: unknown, client: ClientInfo | undefined): void {
    events.emit("error", { code: "internal", message: `The hook ${hook} failed.`, cause }, client);
  }

  return {
    add: (hooks) => void all.push(hooks),
    async before(point, input, client) {
      for (const { [point]: hook } of all) {
        if (hook === undefined) continue;
        const reason = await ask(hook, input).then(verdict).catch((cause: unknown) => {
          failed(point, cause, client);
          return NO_REASON;
        });
        if (reason !== null) {
          if (point === "beforeSignUp") {
            events.emit("signUp.failed", { code: "sign_in_denied" }, client);
          }
          throw new AuthError("sign_in_denied", reason === NO_REASON ? undefined : { reason });
        }
      }
    },
    async after(point, input, client) {
      for (const { [point]: hook } of all) {
        if (hook !== undefined) {
          await ask(hook, input).catch((cause: unknown) => failed(point, cause, client));
        }
      }
    },
  };
}

const NO_REASON = "";

/** Why it is denied, or null where it is not. Whatever is neither nothing nor a denial is a mistake, and lets nobody in. */
function verdict(answer: unknown): string | null {
  if (answer === undefined) return null;
  const { deny: reason }: { readonly deny?: unknown } = Object(answer);
  const plain = typeof reason === "string" && reason !== "" && reason.length <= LONGEST &&
    reason.isWellFormed() && !/\p{Cc}/u.test(reason);
  if (plain) return reason;
  throw new TypeError(`must answer nothing, or { deny: "why" } in one line of at most ${LONGEST} characters`);
}
