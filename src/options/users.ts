import type { Report } from "../base/report.ts";

/** What is kept of users. */
export interface UsersOptions {
  /** The application's own fields of a user, as any library of schemas describes them (Standard Schema v1: valibot, zod, arktype and
   * others). They are in every reply; `PATCH /me`, `users.create` and `users.update` change them. A new account begins without
   * any, and whatever changes them has to leave a whole that the schema accepts. What the schema answers is kept, so it must
   * accept that as well. Values are what JSON can hold. */
  readonly fields?: FieldsSchema;
}

/** A schema whose output is the application's own fields of a user.
 * @see {@link https://standardschema.dev | Standard Schema} */
export interface FieldsSchema<Fields extends object = object> {
  /** What Standard Schema v1 asks for. */
  readonly "~standard": {
    /** The fields as they are to be kept, or what is wrong with them; a promise of either. */
    readonly validate: (value: unknown) => FieldsResult<Fields> | Promise<FieldsResult<Fields>>;
    /** What TypeScript knows of it; nothing when it runs. */
    readonly types?: { readonly output: Fields } | undefined;
  };
}

/** The fields, or what is wrong with them. */
export type FieldsResult<Fields> =
  | { readonly value: Fields; readonly issues?: undefined }
  | { readonly issues: readonly FieldsIssue[] };

/** One thing that is wrong. */
export interface FieldsIssue {
  /** What would be right. */
  readonly message: string;
  /** Where. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The same after all checks. */
export interface UsersSettings {
  /** Null where users have no fields besides ours. */
  readonly fields: FieldsSchema | null;
}

/** Checks them. */
export function usersSettings(given: UsersOptions | undefined, report: Report): UsersSettings {
  const { fields } = report.object("users", given, ["fields"]);
  // A schema may be a function with members, so it is looked into and not at.
  const { validate }: { readonly validate?: unknown } = Object(Object(fields)["~standard"]);
  if (fields !== undefined && typeof validate !== "function") {
    report.add(
      "users.fields",
      "must be a schema that follows Standard Schema v1, as valibot, zod and arktype do",
    );
  }
  return { fields: fields ?? null };
}
