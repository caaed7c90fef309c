/** What is loaded when it is first asked for, and then is there: to import a module anew takes long, however often it was. A load that fails
 * is tried again by the next who asks. */
export function loaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () =>
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
}

/** Methods that are loaded when the first of them is called; `named` has a member for each. */
export function lazy<M extends object>(named: Readonly<Record<keyof M, unknown>>, load: () => Promise<M>): M {
  const all = loaded(load);
  const methods = Object.keys(named).map((name) => {
    const method = async (...input: unknown[]) =>
      await ((await all())[name as keyof M] as (...input: unknown[]) => unknown)(...input); // all are methods
    return [name, method];
  });
  return Object.fromEntries(methods) as M; // of these names
}
