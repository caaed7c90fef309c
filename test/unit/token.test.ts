import { expect, test } from "vitest";
import {
  formatRefreshToken,
  formatSessionToken,
  newCode,
  newId,
  newSecret,
  parseRefreshToken,
  parseSessionToken,
} from "../../src/crypto/token.ts";

const UID = "abcdefghijklmnopqrstuvwxyz";
const SID = "234567abcdefghijklmnopqrst";
const SECRET = "A-_z".repeat(10) + "Aa0";

test("a session token is read as it was written", () => {
  const token = { uid: UID, sid: SID, secret: SECRET };
  expect(formatSessionToken(token)).toBe(`lks_${UID}${SID}${SECRET}`);
  expect(parseSessionToken(formatSessionToken(token))).toEqual(token);
});

test.each([0, 1, 10, 4_294_967_295, 9_999_999_999])(
  "a refresh token of generation %i is read as it was written",
  (generation) => {
    const token = { uid: UID, sid: SID, generation, mac: SECRET };
    expect(formatRefreshToken(token)).toBe(`lkr_${UID}${SID}${generation}.${SECRET}`);
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
  },
);

const SESSION = `lks_${UID}${SID}${SECRET}`;
const REFRESH = `lkr_${UID}${SID}7.${SECRET}`;

/** What no parser takes for its own. */
function spoiled(token: string): readonly string[] {
  return [
    ...[
      "",
      " ",
      "lks_",
      "lkr_",
      "garbage",
      `${token}x`,
      `${token}\n`,
      ` ${token}`,
      `${token} `,
      token.slice(1),
    ],
    ...[token.slice(0, -1), token.toUpperCase(), `x${token}`, `${token}${token}`, token.replace("_", "-")],
    ...[
      token.replace(UID, UID.toUpperCase()),
      token.replace("a", "0"),
      token.replace("a", "1"),
      token.replace("a", ":"),
    ],
    ...[token.replace("a", "/"), token.replace("a", "\0"), token.replace(SECRET, SECRET.replace("A", "+"))],
    ...[token.replace(SECRET, SECRET.replace("A", "=")), token.replace(SECRET, SECRET.replace("A", "é"))],
  ];
}

test.each([REFRESH, ...spoiled(SESSION)])("%j is no session token", (text) => {
  expect(parseSessionToken(text)).toBe(null);
});

test.each([
  SESSION,
  ...spoiled(REFRESH),
  ...["", "00", "07", "-7", "+7", "7.0", "7e1", "0x7", " 7", "٧", "10000000000"].map((generation) =>
    REFRESH.replace("7.", `${generation}.`)
  ),
])("%j is no refresh token", (text) => {
  expect(parseRefreshToken(text)).toBe(null);
});

/** Chance that gives exactly these bytes, over and over. */
function fixed(...bytes: readonly number[]): (length: number) => Uint8Array {
  let at = 0;
  return (length) => Uint8Array.from({ length }, () => bytes[at++ % bytes.length] ?? 0);
}

test.each([
  [[0, 1, 2, 3, 4, 5], "012345"],
  [[9, 10, 19, 20, 249, 128], "909098"],
  [[255, 254, 253, 252, 251, 250, 1, 2, 3, 4, 5, 6], "123456"],
  [[250, 0, 255, 1, 251, 2, 252, 3, 253, 4, 254, 5], "012345"],
])("of the bytes %j, the code is %s: those from 250 on are drawn again", (bytes, code) => {
  expect(newCode(6, fixed(...bytes))).toBe(code);
});

test("of all bytes, each digit comes as often as any other", () => {
  const counts = new Map<string, number>();
  const all = fixed(...Array.from({ length: 256 }, (_, byte) => byte));
  for (const digit of newCode(250, all)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  expect([...counts.values()]).toEqual(Array.from({ length: 10 }, () => 25));
});

test.each([6, 7, 8, 9, 10])("a code of %i digits has that many", (length) => {
  expect(newCode(length, fixed(255, 251, 0, 7))).toMatch(new RegExp(`^[0-9]{${length}}$`));
});

test("ids have 128 bits, secrets 256, and every bit counts", () => {
  const asked: number[] = [];
  const counting = (byte: number) => (length: number) => {
    asked.push(length);
    return new Uint8Array(length).fill(byte);
  };
  expect(newId(counting(0))).toBe("a".repeat(26));
  expect(newId(counting(255))).toBe("7".repeat(25) + "4");
  expect(newSecret(counting(0))).toBe("A".repeat(43));
  expect(newSecret(counting(255))).toBe("_".repeat(42) + "8");
  expect(asked).toEqual([16, 16, 32, 32]);
});
