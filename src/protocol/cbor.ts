// CBOR as authenticators write it (RFC 8949; CTAP 2.1 section 8, message encoding), and no more of it.

/** Arrays and maps in one item, at most: so deep it can be at most. Attestation objects have five, and a few more for each
 * certificate or statement in them. */
const CONTAINERS = 100;

/** A map as it was read: labels are numbers or texts. */
export type CborMap = ReadonlyMap<unknown, unknown>;

/** The first item in some bytes, and what stands behind it; null where there is none. Of what CTAP forbids, numbers that could be
 * shorter and maps in another order are read all the same: some authenticators write them, and they mean one thing. Items of indefinite
 * length, labels that stand twice, tags, fractions and texts that are not UTF-8 are refused. Numbers past 2^53 are bigints. */
export function readCbor(bytes: Uint8Array): { readonly value: unknown; readonly rest: Uint8Array } | null {
  try {
    const reader = { bytes, at: 0, room: CONTAINERS };
    return { value: item(reader), rest: bytes.subarray(reader.at) };
  } catch {
    return null; // cut short, or not as authenticators write it
  }
}

/** Whether an item is a map. */
export function isCborMap(value: unknown): value is CborMap {
  return value instanceof Map;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  room: number;
}

const REFUSED = new Error("not CBOR as CTAP has it");
const SIMPLE: ReadonlyMap<number, boolean | null> = new Map([[20, false], [21, true], [22, null]]);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }); // a label with one is another label

function item(reader: Reader): unknown {
  const [first = 0] = take(reader, 1);
  const [kind, info] = [first >> 5, first & 31];
  if (kind === 7 && SIMPLE.has(info)) return SIMPLE.get(info);
  if (kind > 5) throw REFUSED;
  const number = argument(reader, info);
  if (kind === 0) return number;
  if (kind === 1) return typeof number === "bigint" ? -1n - number : -1 - number;
  if (kind === 2) return take(reader, number);
  if (kind === 3) return decoder.decode(take(reader, number));
  if (reader.room-- === 0) throw REFUSED;
  return kind === 4 ? list(reader, number) : map(reader, number);
}

function list(reader: Reader, length: number | bigint): readonly unknown[] {
  const items: unknown[] = [];
  while (items.length < length) items.push(item(reader)); // ends where the bytes do, whatever length was told
  return items;
}

function map(reader: Reader, size: number | bigint): CborMap {
  const members = new Map<unknown, unknown>();
  while (members.size < size) {
    const label = item(reader);
    const isLabel = typeof label === "number" || typeof label === "string";
    if (!isLabel || members.has(label)) throw REFUSED;
    members.set(label, item(reader));
  }
  return members;
}

/** The number that belongs to an item: its value, or how much follows. */
function argument(reader: Reader, info: number): number | bigint {
  if (info < 24) return info;
  if (info > 27) throw REFUSED; // reserved, or of indefinite length
  const bytes = take(reader, 1 << (info - 24));
  const number = bytes.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number;
}

function take(reader: Reader, length: number | bigint): Uint8Array {
  if (length > reader.bytes.length - reader.at) throw REFUSED;
  const from = reader.at;
  reader.at += Number(length);
  return reader.bytes.subarray(from, reader.at);
}
