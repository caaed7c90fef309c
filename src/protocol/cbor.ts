// CBOR as authenticators write it (CTAP 2.1 section 8, message encoding), read by cborg. Loaded when the first of it is to be read.
import { decodeFirst, type DecodeOptions, type Token, Tokenizer, Type } from "cborg";

/** Arrays and maps in one item, at most: so deep it can be at most. Attestation objects have five, and a few more for each
 * certificate or statement in them. */
const CONTAINERS = 100;

const OPTIONS: DecodeOptions = {
  useMaps: true, // labels are numbers, and no name of a member means anything else
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: true,
};

/** A map as it was read: labels are numbers or texts. */
export type CborMap = ReadonlyMap<unknown, unknown>;

/** The first item in some bytes, and what stands behind it; null where there is none. Of what CTAP forbids, numbers that could be
 * shorter and maps in another order are read all the same: some authenticators write them, and they mean one thing. Items of indefinite
 * length, labels that stand twice, tags, fractions and texts that are not UTF-8 are refused. Numbers are integers; past 2^53 bigints. */
export function readCbor(bytes: Uint8Array): { readonly value: unknown; readonly rest: Uint8Array } | null {
  try {
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const [value, rest] = decodeFirst(plain, { ...OPTIONS, tokenizer: new Reader(plain, OPTIONS) });
    return { value, rest };
  } catch {
    return null; // cut short, or not CBOR
  }
}

/** Whether an item is a map. */
export function isCborMap(value: unknown): value is CborMap {
  return value instanceof Map;
}

class Reader extends Tokenizer {
  #room = CONTAINERS;

  override next(): Token {
    const token = super.next();
    const { type, value } = token;
    if (Type.equals(type, Type.array) || Type.equals(type, Type.map)) this.#room--;
    // cborg puts U+FFFD where a text is not UTF-8, and tells a fraction that is whole, 7.0, as the integer.
    const isSpoilt = Type.equals(type, Type.string) && value.includes("\ufffd");
    if (this.#room < 0 || isSpoilt || Type.equals(type, Type.float)) throw new Error("not as CTAP has it");
    return token;
  }
}
