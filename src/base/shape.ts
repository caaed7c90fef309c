/** Tells whether a value that was stored is of a type: yes or no. What a caller sent is looked at by a schema, which also says what would be
 * right; of what was stored nobody wants to know, and to ask in this way takes a tenth of the time. */
export type Shape<T> = (value: unknown) => value is T;

/** A text. */
export const isText: Shape<string> = (value) => typeof value === "string";

/** A number. */
export const isNumber: Shape<number> = (value) => typeof value === "number";

/** `true` or `false`. */
export const isFlag: Shape<boolean> = (value) => typeof value === "boolean";

/** Members with names, whatever they are. */
export const isObject: Shape<Readonly<Record<string, unknown>>> = (
  value,
): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One of these words, numbers or flags. */
export function isAnyOf<const T extends string | number | boolean>(...all: readonly T[]): Shape<T> {
  return (value): value is T => all.some((one) => one === value);
}

/** Null, or what another shape has. */
export function orNull<T>(is: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || is(value);
}

/** Absent, or what another shape has. */
export function orAbsent<T>(is: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || is(value);
}

/** A list of what another shape has. */
export function isListOf<T>(is: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((one) => is(one));
}

/** Names with values that all have another shape. */
export function isRecordOf<T>(is: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(is);
}

/** An object with these members, one shape for each: leaving one out does not compile. What else is in it does not matter. */
export function isShaped<T extends object>(
  members: { readonly [K in keyof T]-?: Shape<T[K]> },
): Shape<T> {
  const all = Object.entries<Shape<unknown>>(members);
  return (value): value is T => isObject(value) && all.every(([name, is]) => is(value[name]));
}
