/** Goes on with a value: at once where it is there, so that what need not wait makes no promise, or when it comes. */
export function after<T, R>(value: T | Promise<T>, go: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(go) : go(value);
}
