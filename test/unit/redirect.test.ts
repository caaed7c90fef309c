// Where a browser may be sent, by what it makes of an address itself.
import { expect, test } from "vitest";
import { redirectTarget } from "../../src/base/redirect.ts";

const OWN = "https://app.example.com";
const PARTNER = "https://partner.example";
const target = (to: unknown) => redirectTarget(to, OWN, (origin) => origin === PARTNER);

const GOOD: Readonly<Record<string, string>> = {
  "/": "/",
  "/a?b#c": "/a?b#c",
  "/a/../b": "/b",
  "/..": "/",
  "/a//b": "/a//b",
  "/;//evil.example": "/;//evil.example",
  "/@evil.example": "/@evil.example",
  "/%5cevil.example": "/%5cevil.example",
  "/%2f/evil.example": "/%2f/evil.example",
  "/%09/evil.example": "/%09/evil.example",
  "/?//evil.example": "/?//evil.example",
  "/#//evil.example": "/#//evil.example",
  "/..?//evil.example": "/?//evil.example",
  [`${OWN}/x`]: `${OWN}/x`,
  [`${OWN}/..//evil.example`]: `${OWN}//evil.example`,
  [`${PARTNER}/x`]: `${PARTNER}/x`,
  "HTTPS://PARTNER.example:443/x": `${PARTNER}/x`,
};

const BAD: readonly unknown[] = [
  ...["//evil.example", "///evil.example", "//app.example.com", "//", "//@evil.example"],
  ...[
    "/..//evil.example/x",
    "/.//evil.example",
    "/./..//evil.example",
    "/a/..//evil.example",
    "/..///evil.example",
  ],
  ...["/%2e%2e//evil.example", "/%2E//evil.example", "/.%2e//evil.example", "/a/%2e%2e//evil.example#b"],
  ...[
    "/..//",
    "/..//app.example.com/x",
    "/..//user@evil.example",
    "/.//evil.example?a#b",
    "/..//evil.example:443",
  ],
  ...[
    "/\\evil.example",
    "\\\\evil.example",
    "/..\\/evil.example",
    "/.\\\\evil.example",
    "https:\\\\evil.example",
  ],
  ...["/\t/evil.example", "/..\t//evil.example", "/\n/evil.example", "\t//evil.example", "/\r//evil.example"],
  ...["/\u0000/evil.example", "/ /evil.example", " /a", "/\u2028", "/\u00a0", "/\ud800"],
  ...["https://evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example"],
  ...[
    `${PARTNER}@evil.example`,
    "https://a:b@partner.example",
    `${OWN}@evil.example`,
    `${PARTNER}.evil.example`,
  ],
  ...[
    "http://partner.example",
    `${PARTNER}:444`,
    "javascript:alert(1)",
    "data:text/html,x",
    "capacitor://localhost",
  ],
  ...["a", "?a", "#a", "", ".", "../a", null, undefined, 5, ["/a"], `/${"a".repeat(2048)}`],
];

test("a path of our own stays one, and an address of a trusted origin too", () => {
  for (const [to, told] of Object.entries(GOOD)) {
    expect([to, target(to)]).toEqual([to, told]);
    expect([to, new URL(told, `${OWN}/auth/go`).href]).toEqual([to, new URL(to, OWN).href]);
  }
});

test("whatever a browser would take for another place is none", () => {
  for (const to of BAD) expect([to, target(to)]).toEqual([to, null]);
});
