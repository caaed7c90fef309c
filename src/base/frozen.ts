/** The same value, with all that is in it: nobody can change it any more. For what was read from JSON. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
