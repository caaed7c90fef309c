/** Methods of these names that are loaded when the first of them is called. */
export function lazy<M extends object>(names: readonly (keyof M)[], load: () => Promise<M>): M {
  let loading: Promise<M> | undefined;
  const methods = names.map((name) => {
    const method = async (input: unknown) => {
      loading ??= load().catch((error: unknown) => {
        loading = undefined; // the next call tries anew
        throw error;
      });
      const loaded = await loading;
      return await (loaded[name] as (input: unknown) => unknown)(input); // all are methods
    };
    return [name, method];
  });
  return Object.fromEntries(methods) as M; // of these names
}
