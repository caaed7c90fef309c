import { redirectTarget } from "../../base/redirect.ts";
import type { Core } from "../../core/core.ts";
import type { Recipe } from "../../core/mailed_steps.ts";
import { AuthError } from "../../errors.ts";
import type { SessionMode } from "../../model.ts";
import { idsIn } from "../../protocol/cookie.ts";
import type { MagicLink } from "./contract.ts";
import { linkPage } from "./page.ts";
import type { MagicLinkSettings } from "./settings.ts";

/** The methods of links. */
export function methods(core: Core, { signUp, anyBrowser }: MagicLinkSettings, recipe: Recipe): MagicLink {
  const { accounts, mailedSteps, signIn } = core;
  return {
    async start({ email, redirect, session, audience, client }) {
      const held = {
        session: signIn.mode(session, audience),
        ...(audience !== undefined && { audience }),
        ...(redirect !== undefined && { redirect: target(core, redirect) }),
      };
      const owner = await accounts.find({ type: "email", value: email });
      const silent = owner === null && !signUp;
      return await mailedSteps.start(recipe, { subject: email, owner, silent, client, held });
    },
    async verify({ token, challengeId, client, userId, sessionId }) {
      const isThere = (id: string) => anyBrowser || id === challengeId || idsIn(client?.links).includes(id);
      const followed = await mailedSteps.follow(recipe, { token, isThere });
      if (followed.is === "gone") throw new AuthError("challenge_invalid");
      if (followed.is === "sealed") throw new AuthError("secret_unknown");
      if (followed.is === "elsewhere") throw new AuthError("browser_mismatch");
      const { subject, noted, held: { session, audience, redirect } } = followed;
      return await signIn.finish({ value: { type: "email", value: subject }, noted }, {
        session: session as SessionMode, // as start kept it
        audience,
        amr: ["email"],
        client,
        replaces: { userId, sessionId },
        redirect,
      });
    },
    page: ({ client }) => Promise.resolve(linkPage(client?.locale ?? null)),
  };
}

/** Where a browser goes afterwards. @throws {AuthError} `input_invalid` */
function target({ settings: { origin, basePath, trusts } }: Core, redirect: string): string {
  const start = new Request(`${origin}${basePath}/magic-link/start`, { method: "POST" });
  const to = redirectTarget(redirect, origin, (other) => trusts(other, start));
  if (to !== null) return to;
  const message = "must be a path that begins with one slash, or an address of a trusted origin";
  throw new AuthError("input_invalid", { issues: [{ path: "redirect", message }] });
}
