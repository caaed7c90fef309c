import { after } from "../base/after.ts";
import { anything, duration, list, object, optional, parse, text } from "../base/schema.ts";
import type { Core } from "../core/core.ts";
import type { Found } from "../core/session_record.ts";
import type { Identified } from "../core/sessions.ts";
import { AuthError } from "../errors.ts";
import { credentialOf } from "../http/caller.ts";
import { isForeign, showsKey } from "../http/guard.ts";
import type { SignedIn } from "../model.ts";
import type { MaybePromise } from "../store/driver.ts";
import type { BaseAuth } from "./face.ts";

const requirements = object<{
  readonly freshWithin?: number | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly audience?: string | undefined;
  readonly info?: unknown;
}>({
  freshWithin: optional(duration()),
  amr: optional(list(text({ min: 1, max: 64 }))),
  audience: optional(text({ min: 1, max: 256 })),
  info: anything(),
});

/** What the application asks of a request: who that is, whether it may, why it may not; and to answer it once. */
export function checks(
  core: Core,
): Pick<BaseAuth, "getSession" | "requireSession" | "explain" | "idempotent"> {
  const { platform, settings, views, foundation, sessions } = core;
  const told = (found: Found): SignedIn => ({
    user: views.user(found),
    session: views.session(found, found.sid),
  });

  function identify(
    request: Request | Headers,
    audience?: string,
  ): MaybePromise<Identified | { readonly is: "origin_forbidden" }> {
    const whole = "headers" in request; // else the headers alone, from whichever Fetch they are
    const credential = credentialOf(whole ? request.headers : request, core);
    const byCookie = credential.kind === "cookie" || credential.kind === "doubled";
    if (whole && byCookie && isForeign(request, settings.trusts)) return { is: "origin_forbidden" };
    return after(
      foundation.ready(),
      () => sessions.identify(credential, audience === undefined ? undefined : [audience]),
    );
  }

  return {
    async explain(request, { info } = {}) {
      const { explain } = await import("../core/explain.ts"); // only somebody who looks for a mistake asks
      const { addressOf } = await import("../http/limiter.ts");
      const whole = "headers" in request ? request : null;
      const headers = whole?.headers ?? request as Headers; // it is one or the other
      return await explain({
        headers,
        url: whole === null ? null : whole.url,
        credential: credentialOf(headers, core),
        isForeign: whole !== null && isForeign(whole, settings.trusts),
        // Without `info` it is not known what the server would have told of the connection.
        addressOf: () =>
          whole === null || (settings.clientIp === "direct" && info === undefined)
            ? undefined
            : addressOf(settings.clientIp, whole, info),
      }, core);
    },
    async getSession(request) {
      const identified = await identify(request);
      return identified.is === "found" ? told(identified.found) : { user: null, session: null };
    },
    async idempotent(request, run) {
      if (!showsKey(request.headers)) return await run();
      const identified = await identify(request);
      const userId = identified.is === "found" ? identified.found.uid : undefined;
      const { respondOnce } = await import("../http/idempotent.ts"); // few requests bring a key
      return await respondOnce(request, userId, run, core);
    },
    async requireSession(request, given = {}) {
      const { freshWithin = Infinity, amr = [], audience } = parse(requirements, given);
      core.signIn.mode(undefined, audience); // one that nobody can have would turn everybody away
      const identified = await identify(request, audience);
      if (identified.is !== "found") throw new AuthError(identified.is);
      const { record } = identified.found;
      const old = platform.now() - record.createdAt > freshWithin * 1000;
      if (old || amr.some((method) => !record.amr.includes(method))) throw new AuthError("step_up_required");
      return told(identified.found);
    },
  };
}
