import { expect, test } from "vitest";
import { newborn } from "../../src/core/account_record.ts";
import { type Devices, devices } from "../../src/core/devices.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { formatDeviceToken, parseDeviceToken } from "../../src/crypto/token.ts";
import { DEVICES } from "../../src/options/devices.ts";

const [OLD, NEW] = [
  "the-first-secret-of-these-tests-0123456789",
  "the-second-secret-of-these-tests-0123456789",
];
const DAY = 24 * 60 * 60_000;
const START = Date.UTC(2030, 0, 1);
const [ADA, BOB] = ["a".repeat(26), "b".repeat(26)];
const SID = "s".repeat(26);

test("a device token is read as it was written", () => {
  const token = { uid: ADA, did: SID, at: 1_893_456_000, mac: "A-_z".repeat(10) + "Aa0" };
  expect(formatDeviceToken(token)).toBe(`lkd_${ADA}${SID}1893456000.${token.mac}`);
  expect(parseDeviceToken(formatDeviceToken(token))).toEqual(token);
});

test("a device is known by the token of its account, under the name of its first session", () => {
  const { know, issue } = at(START);
  const token = issue(owner(ADA), SID, null);
  expect(know(token, { uid: ADA, epoch: 0 })).toBe(SID);
  expect(token).toMatch(/^lkd_[a-z2-7]{52}1893456000\.[\w-]{43}$/);
});

const TOKEN = at(START).issue(owner(ADA), SID, null);

/** What is shown, of which account it is asked, when, and under which secrets: each is a stranger. */
const STRANGERS:
  readonly (readonly [why: string, shown: string | null, noted?: object, devices?: Devices])[] = [
    ["nothing is shown", null],
    ["the account is another", TOKEN, { uid: BOB }],
    ["nobody has the address", TOKEN, { uid: null }],
    ["everything was ended since", TOKEN, { epoch: 1 }],
    ["it is a year old", TOKEN, {}, at(START + 365 * DAY)],
    ["its secret is not configured any more", TOKEN, {}, at(START, [NEW])],
    ["its device was changed", TOKEN.replace(SID, "t".repeat(26))],
    ["its account was changed", TOKEN.replace(ADA, BOB), { uid: BOB }],
    ["its time was changed", TOKEN.replace("1893456000", "1893456001")],
    ["its hash was changed", TOKEN.replace(/.$/, (last) => last === "A" ? "B" : "A")],
    ["it is of another kind", TOKEN.replace("lkd_", "lkr_")],
    ["it is in capitals", TOKEN.toUpperCase()],
    ["something stands before it", ` ${TOKEN}`],
    ["something stands behind it", `${TOKEN}=`],
    ["it came twice", `${TOKEN}~${TOKEN}`],
    ["it came twice, as headers are joined", `${TOKEN}, ${TOKEN}`],
    ["another one beside it is none", `${TOKEN}~x`],
    ["nothing stands beside it", `${TOKEN}~`],
    ["six came with it", [TOKEN, ...others(5)].join("~")],
    ["it is too long", TOKEN + "~".repeat(1000)],
    ["it is empty", ""],
  ];

const CASES = STRANGERS.map(([why, shown, noted = {}, some = at(START)]) =>
  [why, shown, noted, some] as const
);

test.each(CASES)("whoever shows a token is a stranger where %s", (_, shown, noted, some) => {
  expect(some.know(shown, { uid: ADA, epoch: 0, ...noted })).toBe(null);
});

test.each([
  ["alone", TOKEN, at(START)],
  ["with four others", [...others(4), TOKEN].join("~"), at(START)],
  ["a second before the year is over", TOKEN, at(START + 365 * DAY - 1000)],
  ["by a server whose clock is slow", TOKEN, at(START - DAY)],
  ["under a secret that only verifies", TOKEN, at(START, [NEW, OLD])],
])("a token counts %s", (_, shown, some) => {
  expect(some.know(shown, { uid: ADA, epoch: 0 })).toBe(SID);
});

test("signing in again keeps the device's id where it is known, and gives a new one where not", () => {
  const again = "r".repeat(26);
  const later = at(START + DAY);
  const renewed = later.issue(owner(ADA), again, TOKEN);
  expect(parseDeviceToken(renewed)).toMatchObject({ uid: ADA, did: SID, at: (START + DAY) / 1000 });
  for (const [, shown, noted = {}] of STRANGERS.filter(([, , , some]) => some === undefined)) {
    const { uid, epoch } = { uid: ADA, epoch: 0, ...noted };
    expect(parseDeviceToken(later.issue(owner(uid ?? BOB, epoch), again, shown))?.did).toBe(again);
  }
});

test("a cookie holds five accounts, the newest first: the sixth replaces the oldest", () => {
  const { joined } = at(START);
  const tokens = others(7);
  let cookie = "";
  for (const token of tokens) cookie = joined(token, cookie);
  expect(cookie.split("~")).toEqual(tokens.toReversed().slice(0, 5));
  expect(cookie.length).toBeLessThan(600);
  expect(joined(tokens[4]!, cookie).split("~")).toEqual([4, 6, 5, 3, 2].map((n) => tokens[n]));
});

test("what is over, or no token, does not stay in the cookie", () => {
  const [one = "", two = ""] = others(2);
  expect(at(START + 365 * DAY).joined(two, one)).toBe(two);
  expect(at(START).joined(two, `${one}~x`)).toBe(two);
});

/** Tokens of as many other accounts. */
function others(count: number): readonly string[] {
  return Array.from(
    "cdefghi".slice(0, count),
    (letter) => at(START).issue(owner(letter.repeat(26)), SID, null),
  );
}

function at(now: number, secrets: readonly string[] = [OLD]): Devices {
  return devices(keyring(secrets, () => new Uint8Array()), () => now, DEVICES);
}

function owner(uid: string, epoch = 0) {
  const identifier = { type: "email", value: "ada@example.com", proven: true } as const;
  return { uid, account: { ...newborn({ createdAt: START, name: null, identifier, sessions: [] }), epoch } };
}
