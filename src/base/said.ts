/** What somebody says of themselves, as it is kept: without control characters and lone surrogates, and of `length` UTF-16 units at most. It
 * is only told again, so an odd one is no reason to refuse anything. Null where nothing is said. */
export function keptOf(said: string | null | undefined, length: number): string | null {
  return said?.replace(/\p{Cc}/gu, " ").slice(0, length).toWellFormed() || null;
}
