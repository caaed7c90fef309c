// Strict Ed25519: what RFC 8032 asks of keys and signatures and runtimes do not all look at. Whether a signature is right, the
// runtime says.
import { hex } from "../base/encoding.ts";

const P = 2n ** 255n - 19n; // the field
const L = 2n ** 252n + 27742317777372353535851937790883648493n; // the order of the base point
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n; // of the curve: -121665/121666
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n; // of four points of order 8

/** The y of the points whose order is 1, 2, 4 or 8. */
const LOW_ORDER: ReadonlySet<string> = new Set([1n, P - 1n, 0n, Y8, P - Y8].map(digits));
const [P_DIGITS, L_DIGITS] = [digits(P), digits(L)];

/** Whether 32 bytes are a public key that somebody holds: a point of the curve in its one encoding (RFC 8032 section 5.1.3), not of
 * low order, for which anybody can make signatures. */
export function isPublicKey(bytes: Uint8Array): boolean {
  return isSound(bytes) && isOnCurve(BigInt(`0x${yOf(bytes)}`));
}

/** Whether a public key and a signature are such that the runtime's verdict counts: canonical points, of which none is of low order,
 * and S below the order of the base point (RFC 8032 section 5.1.7), so that nobody makes a second signature out of one.
 *
 * No document says that R may not be of low order, and runtimes differ. No honest signer draws such an R, and whoever does tells their
 * private key: it is refused, so that the verdict is the same everywhere. */
export function isStrict(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && isSound(publicKey) && isSound(signature.subarray(0, 32)) &&
    numberOf(signature.subarray(32)) < L_DIGITS;
}

/** Whether it is an encoding with y in range, not of low order: among those are all whose x is 0, which have no sign. */
function isSound(point: Uint8Array): boolean {
  if (point.length !== 32) return false;
  const y = yOf(point);
  return y < P_DIGITS && !LOW_ORDER.has(y);
}

/** Whether there is an x with -x² + y² = 1 + dx²y²: whether (y² - 1)/(dy² + 1) is a square, by Euler's criterion. The product of the
 * two is one where their quotient is. */
function isOnCurve(y: bigint): boolean {
  const square = y * y % P;
  let factor = (square - 1n) * (D * square + 1n) % P;
  let power = 1n;
  for (let left = (P - 1n) / 2n; left > 0n; left >>= 1n) {
    if (left & 1n) power = power * factor % P;
    factor = factor * factor % P;
  }
  return power === 1n;
}

/** The last bit is the sign of x. */
function yOf(point: Uint8Array): string {
  return numberOf(point.with(31, (point[31] ?? 0) & 0x7f));
}

/** What 32 bytes with the least first are as a number: digits of one length, which compare as the numbers do, and sooner. */
function numberOf(bytes: Uint8Array): string {
  return hex(bytes.toReversed());
}

function digits(number: bigint): string {
  return number.toString(16).padStart(64, "0");
}
