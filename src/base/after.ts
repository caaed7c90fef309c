/** Goes on with a value: at once where it is there, so that what need not wait makes no promise, or when it comes. */
export function after<T, R>(value: T | Promise<T>, go: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? Promise.resolve(value).then(go) : go(value);
}

/** Some clients answer with promises of their own making, and where somebody has replaced `Promise`, what is asynchronous still answers
 * with the runtime's. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
