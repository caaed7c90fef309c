const runtime: {
  readonly Deno?: object;
  readonly process?: { getBuiltinModule?(name: string): object | undefined };
} = globalThis as object;

/** A module that the runtime brings along; undefined where it does not. Asked for by name, so that no bundler stumbles over an import.
 * What is in it is the caller's word. */
export function builtin<T extends object>(name: `node:${string}`): T | undefined {
  return runtime.process?.getBuiltinModule?.(name) as T | undefined;
}

/** Whether this is Deno, whose `node:crypto` is its own, and slow at some things. */
export const isDeno: boolean = runtime.Deno !== undefined;
