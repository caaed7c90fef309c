const LONGEST = 35; // characters (RFC 5646 section 4.4.1)

/** A language tag in its canonical form (BCP 47), `"de-AT"` for `"DE-at"`; null for what is none. */
export function languageTag(value: unknown): string | null {
  if (typeof value !== "string" || value.length > LONGEST) return null;
  try {
    return Intl.getCanonicalLocales(value)[0] ?? null;
  } catch {
    return null; // not well-formed
  }
}
