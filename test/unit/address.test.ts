import { expect, test } from "vitest";
import { canonicalAddress, forwardedAddress, networkOf } from "../../src/base/address.ts";

/** The one spelling → all the others. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  "192.0.2.1": [
    "192.0.2.1",
    " 192.0.2.1\t",
    "192.0.2.1:8080",
    "::ffff:192.0.2.1",
    "::FFFF:192.0.2.1",
    "::ffff:c000:201",
    "0:0:0:0:0:ffff:192.0.2.1",
    "0000:0000:0000:0000:0000:ffff:c000:0201",
    "[::ffff:192.0.2.1]",
    "[::ffff:c000:201]:443",
  ],
  "2001:db8::1": [
    "2001:db8::1",
    "2001:DB8::1",
    "2001:0db8:0:0:0:0:0:1",
    "2001:db8:0:0::1",
    "2001:db8::0.0.0.1",
    "[2001:db8::1]",
    "[2001:DB8::1]:443",
    "2001:db8::1%eth0",
    "[2001:db8::1%25eth0]:443",
  ],
  "fe80::1": ["fe80::1", "fe80::1%eth0", "FE80::1%2", "[fe80::1%lo]"],
  "::1": ["::1", "0:0:0:0:0:0:0:1", "[::1]:3000"],
  "1:2:3:4:5:6:7:8": ["1:2:3:4:5:6:7:8", "0001:0002:0003:0004:0005:0006:0007:0008"],
};

test.each(Object.entries(SPELLINGS))("every spelling of %s is that one", (address, spellings) => {
  expect(spellings.map(canonicalAddress)).toEqual(spellings.map(() => address));
});

const NONE = [
  "",
  " ",
  "unknown",
  "_hidden",
  "localhost",
  "127.1",
  "2130706433",
  "0x7f.0.0.1",
  "127.000.000.001",
  "256.0.0.1",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.4.",
  "1.2.3.4:",
  "1.2.3.4:123456",
  "[1.2.3.4]",
  "1.2.3.4, 5.6.7.8",
  "1.2.3.4 5.6.7.8",
  "1.2.3.4/24",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "12345::",
  "g::1",
  "[::1",
  "::1]",
  "[]",
  "[::1]x",
  "[::1]:x",
  "::1/64",
  "::1]@[::2",
  "\u0661.2.3.4",
  "1.2.3.4\0",
  "1".repeat(10_000_000),
  `::1%${"z".repeat(10_000_000)}`,
  `${" ".repeat(10_000_000)}1.2.3.4`,
];

test("what is no address, or not read alike by everybody, is none", () => {
  expect(NONE.filter((text) => canonicalAddress(text) !== null)).toEqual([]);
});

test("an IPv4 address counts by itself, an IPv6 address as the /64 that it is in", () => {
  const counted = (text: string) => networkOf(String(canonicalAddress(text)));
  expect([
    "192.0.2.1",
    "::ffff:192.0.2.1",
    "2001:db8:1:2:3:4:5:6",
    "2001:db8:1:2::",
    "2001:db8:1:3::",
    "::1",
    "fe80::1",
  ].map(counted)).toEqual([
    "192.0.2.1",
    "192.0.2.1",
    "2001:db8:1:2::/64",
    "2001:db8:1:2::/64",
    "2001:db8:1:3::/64",
    "::/64",
    "fe80::/64",
  ]);
  const network = Array.from({ length: 10_000 }, (_, i) => `2001:db8:1:2:${i.toString(16)}::${i}`);
  expect(new Set(network.map(counted))).toEqual(new Set(["2001:db8:1:2::/64"]));
});

/** The header, the number of proxies → what counts. */
const FORWARDED: readonly (readonly [header: string | null, proxies: number, address: string | null])[] = [
  ["192.0.2.1", 1, "192.0.2.1"],
  ["203.0.113.9, 192.0.2.1", 1, "192.0.2.1"],
  ["203.0.113.9,192.0.2.1", 2, "203.0.113.9"],
  ["203.0.113.9, 192.0.2.1", 3, null],
  ["198.51.100.7, 203.0.113.9, 192.0.2.1", 2, "203.0.113.9"],
  ["[2001:db8::1]:443, 192.0.2.1", 2, "2001:db8::1"],
  ["203.0.113.9, ", 1, null],
  ["203.0.113.9, unknown", 1, null],
  ["203.0.113.9, <script>", 1, null],
  ["", 1, null],
  [null, 1, null],
  [`${"1.1.1.1, ".repeat(1_000_000)}192.0.2.1`, 1, "192.0.2.1"],
  [`${"x".repeat(10_000_000)}, 192.0.2.1`, 1, "192.0.2.1"],
  ["x".repeat(10_000_000), 1, null],
  [`192.0.2.1${" ".repeat(10_000_000)}`, 1, null],
];

test.each(FORWARDED.map(([header, ...rest]) => [header?.slice(-50) ?? null, ...rest, header] as const))(
  "X-Forwarded-For … %s behind %d proxies is from %s",
  (_, proxies, address, header) => {
    expect(forwardedAddress(header, proxies)).toBe(address);
  },
);
