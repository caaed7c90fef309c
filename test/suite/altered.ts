// Ceremonies with one thing in them said otherwise: a bit of each byte turned, cut, extended, swapped, spelled otherwise, or no text at all.
import { base64url, fromBase64url } from "../../src/base/encoding.ts";
import { chance } from "../../src/doors/testing.ts";
import { inTurn } from "../proof/showed.ts";

/** A ceremony's JSON, as far as it is altered. */
export interface Sent {
  readonly id: string;
  readonly rawId: string;
  readonly response: object;
}

/** One way to say one thing otherwise. */
export interface Alteration {
  /** What is altered: `response.signature`. */
  readonly path: string;
  /** What is said there, instead of what was, or of what another ceremony says there. */
  readonly instead: (said: unknown, elsewhere: unknown) => unknown;
}

/** Both names of the credential, in step: where they differ nobody looks any further. */
export const NAMES = "id and rawId";

/** The credential itself. */
export const ALL = "";

/** What of each ceremony nobody signs, compares or needs: it may say anything that has its form. */
export const FREE: Readonly<Record<"registration" | "assertion", readonly string[]>> = {
  registration: [
    "authenticatorAttachment",
    "clientExtensionResults",
    "response.authenticatorData", // in the attestation object too, and read there, as are the key and its algorithm
    "response.publicKey",
    "response.publicKeyAlgorithm",
    "response.transports",
  ],
  assertion: ["authenticatorAttachment", "clientExtensionResults"],
};

/** All ways to alter a ceremony, each of its parts at least once. What is free is not altered byte by byte; of the bytes of the rest, one
 * in `of` is, in each run others. */
export function alterations(json: Sent, free: readonly string[], of = 1): readonly Alteration[] {
  const random = chance(5);
  const own = Object.keys(json);
  const inner = Object.keys(json.response).map((name) => `response.${name}`);
  return [...own, ...inner, NAMES, ALL].flatMap((path) => {
    const said = at(json, path);
    const isText = typeof said === "string" && !free.includes(path);
    const swapped = path === ALL ? [] : [SWAPPED]; // which would be another ceremony, and right
    const ways = [...inTurn(isText ? nearly(said, random) : [], of), ...swapped, ...ENTIRELY];
    return ways.map((instead) => ({ path, instead }));
  });
}

/** A ceremony that is altered. */
export interface Altered {
  readonly json: unknown;
  /** What it says instead. */
  readonly value: unknown;
}

/** Alters a ceremony; null where it would say the very same. `other` is one of the same kind. */
export function altered(json: Sent, other: Sent, { path, instead }: Alteration): Altered | null {
  const said = at(json, path);
  const value = instead(said, at(other, path));
  return JSON.stringify(value) === JSON.stringify(said) ? null : { json: saying(json, path, value), value };
}

/** The ceremony with something else at a path. */
function saying(json: Sent, path: string, value: unknown): unknown {
  if (path === ALL) return value;
  if (path === NAMES) return { ...json, id: value, rawId: value };
  const [first = "", second] = path.split(".");
  return { ...json, [first]: second === undefined ? value : { ...json.response, [second]: value } };
}

/** What a ceremony says at a path. */
function at(json: Sent, path: string): unknown {
  if (path === ALL) return json;
  if (path === NAMES) return json.id;
  return path.split(".").reduce<unknown>((within, name) => Object(within)[name], json);
}

type Instead = Alteration["instead"];

/** Texts that are nearly the same. */
function nearly(text: string, random: (length: number) => Uint8Array): readonly Instead[] {
  const { length } = bytesOf(text);
  const turned = Array.from({ length }, (_, i) => {
    const bit = 1 << ((random(1)[0] ?? 0) & 7);
    return (bytes: Uint8Array) => bytes.map((byte, at) => at === i ? byte ^ bit : byte);
  });
  const step = Math.ceil(length / 40);
  const cut = Array.from(
    { length: Math.floor((length - 1) / step) },
    (_, i) => (bytes: Uint8Array) => bytes.subarray(0, 1 + i * step),
  );
  const longer = [
    (bytes: Uint8Array) => Uint8Array.of(...bytes, 0),
    (bytes: Uint8Array) => Uint8Array.of(0, ...bytes),
    (bytes: Uint8Array) => Uint8Array.of(...bytes, ...bytes),
  ];
  const ofBytes = [...turned, ...cut, ...longer].map((change): Instead => (said) =>
    base64url(change(bytesOf(said)))
  );
  const ofText = SPELLINGS.map((spell): Instead => (said) => spell(String(said)));
  return [...ofBytes, ...ofText];
}

function bytesOf(text: unknown): Uint8Array {
  return fromBase64url(String(text)) ?? new Uint8Array();
}

/** Other spellings of a text in base64url. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => `${text}=`,
  (text) => `${text} `,
  (text) => `${text}A`,
  (text) => text.slice(1),
  (text) => text.toUpperCase(),
  (text) => `${text}\n`,
];

/** What is something else, no text at all, or too long to be looked at. */
export const NOT_IT: readonly unknown[] = [
  ...[undefined, null, 0, -1, 0.5, true, false, [], {}, "", "AAAA", "\0", "\ud800", ["AAAA"]],
  ...["x".repeat(20_000), { length: 1 }, [null], [[]]],
];

/** What another ceremony says. */
const SWAPPED: Instead = (_, elsewhere) => elsewhere;

/** The right thing in a list, in an object, or in words; and what it is not. */
const ENTIRELY: readonly Instead[] = [
  (said) => [said],
  (said) => ({ value: said }),
  (said) => JSON.stringify(said),
  ...NOT_IT.map((value): Instead => () => value),
];
