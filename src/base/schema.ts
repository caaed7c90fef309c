import * as v from "valibot";
import { AuthError, type Issue } from "../errors.ts";
import { seconds } from "./duration.ts";
import { canonicalEmail } from "./email.ts";
import { utf8 } from "./encoding.ts";

/** A check at run time and a type, in one value: a schema of valibot, and what the functions here make.
 * @internal */
export type Schema<T> = v.GenericSchema<unknown, T>;

/** One schema per member: leaving one out, or adding one, does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: Schema<T[K]> };

/** A schema, and what JSON Schema says of its values. */
export type Described<T> = Schema<T> & { readonly json?: object };

/** Adds to a schema what JSON Schema says of its values, where that does not follow from its parts. */
export function described<T>(schema: Schema<T>, json: object): Schema<T> {
  return Object.assign(schema, { json });
}

/** A text of `min` to `max` characters, on one line, that is well-formed Unicode. */
export function text(rule: { readonly min: number; readonly max: number }): Schema<string> {
  const checked = v.pipe(
    v.custom<string>((value) => typeof value === "string", "must be a string"),
    v.check(
      ({ length }) => length >= rule.min && length <= rule.max,
      `must be ${rule.min} to ${rule.max} characters long`,
    ),
    v.check(
      (value) => value.isWellFormed() && !/\p{Cc}/u.test(value),
      "must not contain control characters or lone surrogates",
    ),
  );
  return described(checked, { type: "string", minLength: rule.min, maxLength: rule.max });
}

/** A name to show: a text of 1 to 64 bytes in UTF-8. */
export function name(): Schema<string> {
  const rule = { min: 1, max: 64 };
  const checked = v.check<string, string>(
    (value) => utf8(value).length <= rule.max,
    `must be at most ${rule.max} bytes long`,
  );
  return described(v.pipe(text(rule), checked), { type: "string", minLength: rule.min, maxLength: rule.max });
}

/** Whether a text may be one. */
export function isName(text: string): boolean {
  return v.is(name(), text);
}

/** Any text, or null: for what is only told again. */
export function maybeText(): Schema<string | null> {
  const checked = v.custom<string | null>(
    (value) => value === null || typeof value === "string",
    "must be a string or null",
  );
  return described(checked, { type: ["string", "null"] });
}

/** A text that matches `pattern`; `what` says in words what would be right. */
export function matching(pattern: RegExp, what: string): Schema<string> {
  const fits = (value: unknown) => typeof value === "string" && pattern.test(value);
  return described(v.custom<string>(fits, `must be ${what}`), { type: "string", pattern: pattern.source });
}

/** A text of at most `max` characters, on as many lines as it has. */
export function lines(max: number): Schema<string> {
  const right = (value: unknown) =>
    typeof value === "string" && value.length >= 1 && value.length <= max && value.isWellFormed() &&
    !/[^\P{Cc}\t\r\n]/u.test(value);
  const checked = v.custom<string>(right, `must be a text of 1 to ${max} characters`);
  return described(checked, { type: "string", minLength: 1, maxLength: max });
}

/** A value of one kind or of another. */
export function either<A, B>(one: Described<A>, other: Described<B>): Schema<A | B> {
  const said = [one, other].flatMap(({ json }) => json ?? []);
  return described(v.union([one, other], "must be of one of the forms that are described"), { anyOf: said });
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Schema<T> {
  const message = `must be ${words.map((word) => `"${word}"`).join(" or ")}`;
  return described(v.custom<T>((value) => words.some((word) => word === value), message), { enum: words });
}

/** An id that this library made. */
export function id(): Schema<string> {
  return matching(/^[a-z2-7]{26}$/, "an id of 26 letters and digits");
}

/** An e-mail address; what comes out is its canonical form. */
export function email(): Schema<string> {
  const checked = v.pipe(
    text({ min: 3, max: 320 }),
    v.check((typed) => canonicalEmail(typed) !== null, 'must be an e-mail address like "ada@example.com"'),
    v.transform((typed) => String(canonicalEmail(typed))),
  );
  return described(checked, { type: "string", minLength: 3, maxLength: 320 }); // as typed: wider than the format "email"
}

/** A password as typed: nothing of it is taken away, and nothing else has the same bytes for a hash function. */
export function secret(): Schema<string> {
  const max = 2048; // UTF-16 units: wider than any limit in characters
  const right = (value: unknown) =>
    typeof value === "string" && value.length >= 1 && value.length <= max && value.isWellFormed() &&
    !value.includes("\0");
  const message = `must be a text of 1 to ${max} characters, without NUL and lone surrogates`;
  return described(v.custom<string>(right, message), {
    type: "string",
    format: "password",
    minLength: 1,
    maxLength: max,
  });
}

/** True or false. */
export function flag(): Schema<boolean> {
  const checked = v.custom<boolean>((value) => typeof value === "boolean", "must be true or false");
  return described(checked, { type: "boolean" });
}

/** A duration; what comes out is its length in seconds. */
export function duration(): Schema<number> {
  return v.pipe(
    v.custom((value) => seconds(value) !== null, 'must be a duration like "15m" or a number of seconds'),
    v.transform((value) => Number(seconds(value))),
  );
}

/** A duration of `min` to `max` seconds; what comes out is its length in seconds. */
export function span(rule: { readonly min: number; readonly max: number }): Schema<number> {
  return v.pipe(
    duration(),
    v.check(
      (length) => length >= rule.min && length <= rule.max,
      `must be ${rule.min} to ${rule.max} seconds`,
    ),
  );
}

/** A whole number from `min` to `max`. */
export function whole(rule: { readonly min: number; readonly max: number }): Schema<number> {
  const right = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= rule.min && Number(value) <= rule.max;
  return v.custom<number>(right, `must be a whole number from ${rule.min} to ${rule.max}`);
}

/** Whatever it is, or nothing: looked at by whoever reads it. */
export function anything(): Schema<unknown> {
  return v.optional(v.unknown());
}

/** A function; what it takes and answers is up to whoever passes it. */
export function callable<T>(): Schema<T> {
  return v.custom<T>((value) => typeof value === "function", "must be a function");
}

/** A list. */
export function list<T>(of: Schema<T>): Schema<readonly T[]> {
  return v.array(of, "must be a list");
}

/** A value, or null. */
export function maybe<T>(of: Schema<T>): Schema<T | null> {
  return v.nullable(of);
}

/** A member that may be absent. */
export function optional<T>(of: Schema<T>): Schema<T | undefined> {
  return v.optional(of);
}

/** An object with exactly these members. */
export function object<T extends object>(fields: Fields<T>): Schema<T> {
  const exact = v.strictObject(fields as unknown as v.ObjectEntries);
  const checked = v.pipe(v.custom<object>(isPlain, "must be an object"), exact);
  return Object.assign(checked, { members: Object.keys(fields) }) as unknown as Schema<T>; // as `Fields` has it
}

/** The names of the members that an object of a schema may have; none, where the schema is not one of `object`. */
export function membersOf(schema: Schema<object>): readonly string[] {
  return (schema as { readonly members?: readonly string[] }).members ?? [];
}

/** An object with these members, and with others that somebody else is to judge; none of those may be called as in `not`. */
export function openObject<T extends object>(fields: Fields<T>, not: readonly string[] = []): Schema<T> {
  const known = v.looseObject(fields as unknown as v.ObjectEntries);
  const safe = v.rawCheck<object>(({ dataset, addIssue }) => {
    const input: object = Object(dataset.value);
    for (
      const key of ["__proto__", "constructor", "prototype", ...not].filter((name) =>
        Object.hasOwn(input, name)
      )
    ) {
      const value: unknown = Reflect.get(input, key);
      addIssue({ message: UNKNOWN, path: [{ type: "unknown", origin: "value", input, key, value }] });
    }
  });
  return v.pipe(v.custom<object>(isPlain, "must be an object"), safe, known) as unknown as Schema<T>; // as `Fields` has it
}

const UNKNOWN = "is not a known member";

/** The value as `schema` describes it.
 * @throws {AuthError} `input_invalid`, with everything that is wrong and where */
export function parse<T>(schema: Schema<T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new AuthError("input_invalid", { issues: result.issues.map(told) });
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** valibot's own sentences for objects speak of keys and "never"; these speak of members. */
function told(issue: v.BaseIssue<unknown>): Issue {
  const path = (issue.path ?? []).map(({ key }) => String(key).slice(0, 64)).join(".");
  if (issue.type !== "strict_object" && issue.type !== "loose_object") {
    return { path, message: issue.message };
  }
  return { path, message: issue.expected === "never" ? UNKNOWN : "is required" };
}
