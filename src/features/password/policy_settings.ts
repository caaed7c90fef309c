import type { Report } from "../../base/report.ts";
import type { PasswordClass, PasswordPolicyOptions } from "./options.ts";

/** Which passwords are accepted, after all checks. */
export interface PolicySettings {
  readonly minLength: number;
  readonly maxLength: number;
  readonly classes: readonly PasswordClass[];
  readonly refuse: PasswordPolicyOptions["refuse"] | null;
  /** A function, or the list of haveibeenpwned.com; null where nothing is asked. */
  readonly breached:
    | ((password: string) => boolean | Promise<boolean>)
    | { readonly failOpen: boolean }
    | null;
}

/** The members of `password` that are looked at here. */
export const POLICY_MEMBERS = ["minLength", "maxLength", "classes", "refuse", "breached"] as const;

const LENGTHS = {
  minLength: { min: 8, max: 64, fallback: 12 }, // NIST SP 800-63B-4 section 3.1.1.2
  maxLength: { min: 64, max: 1024, fallback: 256 },
} as const;
const CLASSES: readonly PasswordClass[] = ["lowercase", "uppercase", "digit", "symbol"];

/** Checks them, and fills in what was not said. */
export function policySettings(given: Partial<PasswordPolicyOptions>, report: Report): PolicySettings {
  const { refuse } = given;
  if (refuse !== undefined && typeof refuse !== "function") {
    report.add("password.refuse", "must be a function (password, account) => true, or what would be right");
  }
  return {
    minLength: report.integer("password.minLength", given.minLength, LENGTHS.minLength),
    maxLength: report.integer("password.maxLength", given.maxLength, LENGTHS.maxLength),
    classes: classesOf(given.classes, report),
    refuse: refuse ?? null,
    breached: breachedOf(given.breached, report),
  };
}

function classesOf(given: unknown, report: Report): readonly PasswordClass[] {
  if (given === undefined) return [];
  const list: readonly unknown[] = Array.isArray(given) ? Array.from<unknown>(given) : [null];
  if (list.every((one) => CLASSES.some((known) => known === one))) {
    return [...new Set(list)] as PasswordClass[]; // all are
  }
  report.add("password.classes", `must be a list of some of ${CLASSES.map((one) => `"${one}"`).join(", ")}`);
  return [];
}

function breachedOf(given: PasswordPolicyOptions["breached"], report: Report): PolicySettings["breached"] {
  if (given === undefined) return null;
  if (typeof given === "function") return given;
  if (given === "haveibeenpwned") return { failOpen: false };
  const members = typeof given === "object" && given !== null && "list" in given ? given : null;
  if (members?.list !== "haveibeenpwned") {
    report.add(
      "password.breached",
      'must be "haveibeenpwned", { list: "haveibeenpwned", failOpen }, or a function (password) => boolean',
    );
    return null;
  }
  const { failOpen } = report.object("password.breached", members, ["list", "failOpen"]);
  return { failOpen: report.flag("password.breached.failOpen", failOpen, false) };
}
