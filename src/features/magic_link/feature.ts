import { lazy } from "../../base/lazy.ts";
import { email, id, object, oneOf, optional, text } from "../../base/schema.ts";
import type { Feature, Routes, Wire } from "../../contract.ts";
import type { Core } from "../../core/core.ts";
import type { Recipe } from "../../core/mailed_steps.ts";
import { STEP_RANGES } from "../../options/steps.ts";
import {
  calls,
  type MagicLink,
  type MagicLinkOptions,
  type MagicLinkPage,
  type MagicLinkStart,
  type MagicLinkVerify,
} from "./contract.ts";
import { type MagicLinkSettings, settings } from "./settings.ts";

const token = () => text({ min: 1, max: 256 }); // it has 117

const routes: Routes<MagicLink> = {
  start: {
    summary: "Send a link to an e-mail address",
    access: "anyone",
    input: object<Wire<MagicLinkStart>>({
      email: email(),
      redirect: optional(text({ min: 1, max: 2048 })),
      session: optional(oneOf("cookie", "bearer")),
      audience: optional(text({ min: 1, max: 256 })),
    }),
    mails: true,
    links: "begins",
    limit: "start",
    status: 200,
    errors: ["mail_failed"],
  },
  verify: {
    summary: "Trade the token of a link for a session",
    access: "anyone",
    session: "starts",
    input: object<Wire<MagicLinkVerify>>({ token: token(), challengeId: optional(id()) }),
    links: "follows",
    limit: "proof",
    status: 200,
    errors: ["browser_mismatch", "challenge_invalid", "sign_in_denied"],
  },
  page: {
    summary: "The page to which links lead: one button, and nothing is used up",
    access: "anyone",
    input: object<Wire<MagicLinkPage>>({ token: token() }),
    reply: "page",
    status: 200,
    errors: [],
  },
};

/** The mail that brings a link, and where that leads. */
function recipeOf({ settings }: Core, { signUp, ttl, resendAfter }: MagicLinkSettings): Recipe {
  const page = settings.email?.links.magicLink ?? `${settings.origin}${settings.basePath}/magic-link`;
  return {
    kind: "magicLink.link",
    label: "magic-link",
    ttl,
    attempts: STEP_RANGES.attempts.fallback,
    resendAfter,
    everybody: signUp,
    brings: {
      sealed: true,
      link(token) {
        const url = new URL(page);
        url.searchParams.set("token", token);
        return url.href;
      },
    },
  };
}

/** Signing in by a link sent by e-mail. */
export const magicLink: Feature<MagicLink, Core, true | MagicLinkOptions, MagicLinkSettings> = {
  calls,
  routes,
  mails: { "magicLink.link": async () => (await import("./mails.ts")).linkMail },
  settings,
  create(core, settings) {
    const recipe = recipeOf(core, settings);
    core.mailedSteps.add(recipe);
    return lazy(
      calls, // one for each method
      async () => (await import("./methods.ts")).methods(core, settings, recipe),
    );
  },
};
