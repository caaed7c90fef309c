import type { Recipe } from "../../core/mailed_steps.ts";
import { STEP_RANGES as RANGES } from "../../options/steps.ts";
import type { PasswordSettings } from "./settings.ts";

/** The steps of passwords that wait for a mail. */
export interface Recipes {
  readonly signUp: Recipe;
  readonly signIn: Recipe;
  readonly change: Recipe;
  readonly reset: Recipe;
}

const CODE = {
  ttl: RANGES.ttl.fallback,
  attempts: RANGES.attempts.fallback,
  resendAfter: RANGES.resendAfter.fallback,
  brings: { digits: RANGES.length.fallback },
  everybody: true,
} as const;

/** @param page where links lead to, on which somebody chooses a password */
export function recipesOf({ reset }: PasswordSettings, page: string): Recipes {
  return {
    signUp: {
      ...CODE,
      kind: "password.signUpCode",
      label: "password-sign-up",
      instead: "password.signUpTaken",
    },
    signIn: { ...CODE, kind: "password.signInCode", label: "password-sign-in" },
    change: { ...CODE, kind: "password.changeCode", label: "password-change" },
    reset: {
      ...CODE,
      ...reset,
      kind: "password.resetLink",
      label: "password-reset",
      everybody: false,
      brings: {
        sealed: false, // nobody is told the step's id but by this link
        link(token) {
          const url = new URL(page);
          url.searchParams.set("token", token);
          return url.href;
        },
      },
    },
  };
}
