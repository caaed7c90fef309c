/** A text without anything that steers a terminal or turns a line round: what is no printable ASCII is written as JSON may write it. */
export function ascii(text: string): string {
  return text.replace(/[^ -~\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
