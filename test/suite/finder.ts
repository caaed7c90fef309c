// Finds many texts in another one, in a single pass.

const SPAN = 4; // characters: how many of a text's first ones lead to it

/** Where a text was found. */
export interface Found {
  readonly sought: string;
  readonly at: number;
}

/** Looks for all of these texts, each of at least four characters. */
export function finder(all: Iterable<string>): (text: string) => readonly Found[] {
  const marked = new Uint8Array(2 ** 16); // most places of a text are passed by after one look
  const byStart = new Map<number, string[]>();
  for (const one of new Set(all)) {
    if (one.length < SPAN) throw new RangeError(`${one.length} characters may stand everywhere`);
    let span = 0;
    for (let i = 0; i < SPAN; i++) span = (span << 8) ^ one.charCodeAt(i);
    marked[mark(span)] = 1;
    const others = byStart.get(span);
    if (others === undefined) byStart.set(span, [one]);
    else others.push(one);
  }
  return (text) => {
    const found: Found[] = [];
    let span = 0;
    for (let i = 0; i < text.length; i++) {
      span = (span << 8) ^ text.charCodeAt(i);
      if (i < SPAN - 1 || marked[mark(span)] === 0) continue;
      const at = i - SPAN + 1;
      for (const sought of byStart.get(span) ?? []) {
        if (text.startsWith(sought, at)) found.push({ sought, at });
      }
    }
    return found;
  };
}

function mark(span: number): number {
  return Math.imul(span, 0x9e3779b1) >>> 16;
}
