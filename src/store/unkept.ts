/** Refuses a text that not every store keeps as it is: with half a character, or with a NUL. JSON, as it is written here, has neither.
 * @throws {TypeError} */
export function refuseUnkept(...texts: readonly (string | null)[]): void {
  if (texts.every((text) => text === null || (text.isWellFormed() && !text.includes("\0")))) return;
  throw new TypeError("a text with a NUL or half a character cannot be kept");
}
