const SHORT = 4096; // characters of a message
const LONG = 8192; // characters of a stack
const DEEPEST = 5; // causes of causes
const LEAST = 4; // characters of a secret: what is shorter stands everywhere
const HIDDEN = "[hidden]";
const UNTELLABLE = "[cannot be told]";
const TOKENS = /\b(?:lk[a-z]_|eyJ)[\w.-]+/g;

/** What may not be told of a failure, by the failure. */
const held = new WeakMap<object, readonly string[]>();

/** A text fit for a log, whatever it comes from: cut, without tokens and without `words`. */
export function hidden(said: unknown, longest: number = SHORT, words: readonly string[] = []): string {
  try {
    const whole = words.reduce((text, word) => text.replaceAll(word, HIDDEN), String(said));
    return whole.slice(0, longest).replace(TOKENS, HIDDEN);
  } catch {
    return UNTELLABLE; // whatever has no text, or throws when it is asked for it
  }
}

/** Keeps texts out of what is told of a failure and its causes, as they stand and as they are typed. Returns the failure; of one that is a text, what may be told. */
export function keepBack(cause: unknown, all: readonly string[]): unknown {
  const words = all.flatMap((one) => [one, one.replace(/[\s-]/g, "")])
    .filter(({ length }) => length >= LEAST);
  try {
    let one = cause as Error;
    for (let depth = 0; depth < DEEPEST && Object(one) === one; depth++) {
      held.set(one, words);
      one = one.cause as Error;
    }
  } catch {
    // It does not say what caused it.
  }
  return typeof cause === "string" ? hidden(cause, SHORT, words) : cause;
}

/** Asks somebody else's function, and keeps texts out of what is told of its failure. */
export async function discreetly<T>(words: readonly string[], ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw keepBack(cause, words);
  }
}

/** What a failure says, fit for a log: whoever threw it may have put a token into it. Never throws. */
export function told(cause: unknown, known: readonly string[] = [], depth: number = DEEPEST): unknown {
  try {
    const words = [...known, ...held.get(cause as object) ?? []];
    if (!(cause instanceof Error)) return cause === undefined ? cause : hidden(cause, SHORT, words);
    const { name, message, stack, cause: deeper } = cause;
    const isDeeper = deeper !== undefined && deeper !== cause && depth > 1;
    return {
      name: hidden(name, SHORT, words),
      message: hidden(message, SHORT, words),
      ...(stack !== undefined && { stack: hidden(stack, LONG, words) }),
      ...(isDeeper && { cause: told(deeper, words, depth - 1) }),
    };
  } catch {
    return UNTELLABLE;
  }
}

/** The same in a sentence. Never throws. */
export function saidBy(cause: unknown): string {
  try {
    return hidden(cause instanceof Error ? cause.message : cause, SHORT, held.get(cause as object));
  } catch {
    return UNTELLABLE;
  }
}
