// Stands beside a server without being noticed: everything that it writes to its store and answers is told on.
import type { Driver } from "../../src/store/driver.ts";
import type { FullAuth } from "./client.ts";

type Function = (...input: readonly unknown[]) => unknown;

/** Tells every text that is ever handed to a driver, those too that are overwritten soon. */
export function overseen(driver: Driver, store: (key: string, text: string) => void): Driver {
  const swap: Driver["swap"] = (key, expected, next, options) => {
    if (next !== null) store(key, next);
    return driver.swap(key, expected, next, options);
  };
  const setItem: Driver["setItem"] = (key, value, options) => {
    store(key, value);
    return driver.setItem(key, value, options);
  };
  const told = { swap, setItem };
  return new Proxy(driver, {
    get: (target, name) => Object.hasOwn(told, name) ? Reflect.get(told, name) : Reflect.get(target, name),
  });
}

/** Tells everything that a logger is given. */
export function eavesdropped<L extends object>(logger: L, line: (said: unknown) => void): L {
  return new Proxy(logger, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...said: readonly unknown[]) => {
        for (const one of said) line(one);
        return Reflect.apply(method, target, said);
      };
    },
  });
}

/** A request or a call, as far as it matters for what it comes to. */
export interface Asked {
  /** The same for whoever asks the same again. */
  readonly request: () => string;
  /** Whether the answer may be kept for whoever asks again. */
  readonly isKept: boolean;
}

/** Who is told what a server answers. */
export interface Ear {
  /** What an operation was asked with: `feature.method`, or `METHOD /path`. */
  readonly asked: (operation: string, input: unknown) => Asked;
  /** What it came to: a result, a `Response` or what was thrown. */
  readonly answered: (operation: string, result: unknown, asked: Asked) => void;
}

/** Tells what all methods and the handler of `auth` answer. */
export function overheard(auth: FullAuth, ear: Ear): FullAuth {
  const wrapped = Object.entries(auth).map(([name, part]: readonly [string, unknown]) => {
    if (typeof part === "function") return [name, listening(name, part as Function, ear)];
    const methods = Object.entries(Object(part)).filter(([, one]) => typeof one === "function");
    if (methods.length === 0) return [name, part];
    const told = methods.map((
      [method, one],
    ) => [method, listening(`${name}.${method}`, one as Function, ear)]);
    return [name, { ...Object(part), ...Object.fromEntries(told) }];
  });
  return Object.fromEntries(wrapped);
}

/** The same function: what it answers is its own, and comes when it comes. */
function listening(name: string, call: Function, { asked, answered }: Ear): Function {
  return (...input) => {
    const [first] = input;
    const operation = first instanceof Request && name === "handler"
      ? `${first.method} ${new URL(first.url).pathname}`
      : name;
    const of = asked(operation, first);
    try {
      const result = call(...input);
      if (!(result instanceof Promise)) answered(operation, result, of);
      else result.then((one) => answered(operation, one, of), (error) => answered(operation, error, of));
      return result;
    } catch (error) {
      answered(operation, error, of);
      throw error;
    }
  };
}
