const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** The value of a JSON text (RFC 8259), or undefined where it is none, names a member twice (section 4: what that means is
 * anybody's guess), or nests deeper than `depth`. */
export function parseJson(text: string, depth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isPlainSpoken(text, depth) ? value : undefined;
}

/** Walks the tokens of a text that is known to be JSON. */
function isPlainSpoken(text: string, depth: number): boolean {
  const open: (Set<string> | null)[] = []; // the members of each open object; null for an array
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : null);
      if (open.length > depth) return false;
    } else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const name: string = JSON.parse(last);
      const members = open.at(-1);
      if (members?.has(name)) return false;
      members?.add(name);
    }
    last = token;
  }
  return true;
}
