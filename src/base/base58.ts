const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"; // Bitcoin's: without 0, O, I and l

/** The bytes of a base58 text, or null where it is none or has another number of bytes than `length`. Every value has one spelling:
 * each zero at the beginning is a "1". */
export function fromBase58(text: string, length: number): Uint8Array | null {
  if (text.length > 2 * length || !/^[1-9A-HJ-NP-Za-km-z]*$/.test(text)) return null;
  const ones = /^1*/.exec(text)?.[0].length ?? 0;
  const number = [...text].reduce((sum, digit) => sum * 58n + BigInt(ALPHABET.indexOf(digit)), 0n);
  const digits = number === 0n ? "" : number.toString(16);
  const pairs = digits.padStart(digits.length + digits.length % 2, "0").match(/../g) ?? [];
  if (ones + pairs.length !== length) return null;
  return Uint8Array.from([..."0".repeat(ones), ...pairs], (pair) => Number.parseInt(pair, 16));
}
