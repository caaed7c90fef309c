// What replies say, besides the tokens that they are there to issue.
import { type Kind, MEMBERS } from "./belongings.ts";
import type { Asked } from "./hearing.ts";
import type { Secret } from "./leaks.ts";

/** Characters: what of a token only its owner knows. */
export const SECRET = 43;
const LEAST = 20; // characters of a reply: what is shorter may stand everywhere

/** What an operation came to. */
export interface Answer {
  readonly operation: string;
  /** A result, a `Response` or what was thrown. */
  readonly result: unknown;
  /** What it issues. */
  readonly issues: readonly Kind[];
  /** To whom it was answered. Where it may be kept for whoever asks again its body is secret. */
  readonly asked: Asked;
}

/** An answer in parts: the tokens that belong into it, and everything else. */
export interface Parts {
  readonly tokens: readonly Secret[];
  /** The body of one that is kept. */
  readonly kept: readonly Secret[];
  readonly rest: string;
}

/** Takes an answer apart. The body of a `Response` is read: it must be a clone. */
export async function partsOf({ result, issues, asked }: Answer): Promise<Parts> {
  if (result instanceof Error) return { tokens: [], kept: [], rest: textOf(result) };
  if (!(result instanceof Response)) {
    return partsIn(Array.isArray(result) ? { result: {}, cookies: result } : { result, cookies: [] }, issues);
  }
  const text = await result.text();
  const parts = partsIn({ result: parsed(text), cookies: result.headers.getSetCookie() }, issues);
  const headers = [...result.headers].filter(([name]) => name !== "set-cookie");
  const body: Secret = { is: "a kept reply", value: text, where: "store" };
  return {
    ...parts,
    kept: asked.isKept && result.ok && text.length > LEAST ? [body] : [],
    rest: [...headers.map((pair) => pair.join(": ")), parts.rest].join("\n"),
  };
}

/** What is issued in members of a result and in cookies, and the result without that. */
function partsIn(
  { result, cookies }: { readonly result: unknown; readonly cookies: readonly unknown[] },
  issues: readonly Kind[],
): Parts {
  const members = Object.entries(MEMBERS).flatMap(([member, is]) => {
    const value: unknown = Object(result)[member];
    return typeof value === "string" && issues.includes(is) ? [{ member, is, value }] : [];
  });
  const set = cookies.map((cookie) => {
    const [, name = "", value = "", attributes = ""] = /^([^=]*)=([^;]*)(.*)/.exec(String(cookie)) ?? [];
    const is: Kind = name.endsWith("-device") ? "a device token" : "a session token";
    if (!issues.includes(is)) return { values: [], rest: String(cookie) };
    // What the browser has shown of other accounts comes back with it.
    return { values: value.split("~").map((one) => ({ is, value: one })), rest: `${name}${attributes}` };
  });
  const others = members.length === 0 ? result : { ...Object(result) };
  for (const { member } of members) delete others[member];
  const tokens = [...members, ...set.flatMap(({ values }) => values)].filter(({ value }) => value !== "");
  return {
    tokens: tokens.map(({ is, value }) => ({ is, value: value.slice(-SECRET) })), // whoever has the whole has this
    kept: [],
    rest: [JSON.stringify(others) ?? "", ...set.map(({ rest }) => rest)].join("\n"),
  };
}

/** All that an error says to whoever catches it; what caused it is told to the log alone. */
function textOf({ name, message, stack, ...more }: Error): string {
  return [name, message, stack, JSON.stringify(more)].join("\n");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a page
  }
}
