/** Methods that are loaded when the first of them is called; `named` has a member for each. */
export function lazy<M extends object>(named: Readonly<Record<keyof M, unknown>>, load: () => Promise<M>): M {
  let loading: Promise<M> | undefined;
  const methods = Object.keys(named).map((name) => {
    const method = async (...input: unknown[]) => {
      loading ??= load().catch((error: unknown) => {
        loading = undefined; // the next call tries anew
        throw error;
      });
      const loaded = await loading;
      return await (loaded[name as keyof M] as (...input: unknown[]) => unknown)(...input); // all are methods
    };
    return [name, method];
  });
  return Object.fromEntries(methods) as M; // of these names
}
