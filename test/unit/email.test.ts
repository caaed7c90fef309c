import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canonicalEmail } from "../../src/base/email.ts";

test.each([
  ["ada@example.com", "ada@example.com"],
  [" \u00a0ada@example.com\ufeff ", "ada@example.com"],
  ["Ada.Lovelace+News@Example.COM", "ada.lovelace+news@example.com"],
  ["ada@BÜCHER.example", "ada@xn--bcher-kva.example"],
  ["ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"],
  ["ada@xn--BCHER-kva.example", "ada@xn--bcher-kva.example"],
  ["ada@straße.example", "ada@xn--strae-oqa.example"], // non-transitional: not strasse
  ["ada@example。com", "ada@example.com"],
  ["ada@ｅｘａｍｐｌｅ.com", "ada@example.com"],
  ["ÄDA@example.com", "Äda@example.com"], // only ASCII letters lose their case: of others nobody knows what the mail server thinks
  ["иван@пример.рф", "иван@xn--e1afmkfd.xn--p1ai"],
  ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
  ["a@b.co", "a@b.co"],
  ["0@1.example", "0@1.example"],
  [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
  [`${"é".repeat(32)}@example.com`, `${"é".repeat(32)}@example.com`],
  [`a@${"b".repeat(63)}.example`, `a@${"b".repeat(63)}.example`],
])("%j is mailed to as %j", (typed, canonical) => {
  expect(canonicalEmail(typed)).toBe(canonical);
  expect(canonicalEmail(canonical)).toBe(canonical);
});

/** What is no address, by what is wrong with it. */
const NONE: Readonly<Record<string, readonly string[]>> = {
  parts: [
    "",
    " ",
    "@",
    "ada",
    "@example.com",
    "ada@",
    "a@b@example.com",
    "ada@example.com@",
    "ada.example.com",
  ],
  "more than one": [
    "a@example.com,b@example.com",
    "a@example.com b@example.com",
    "a@example.com;b@example.com",
  ],
  "names and routes": [
    "Ada <ada@example.com>",
    "<ada@example.com>",
    "mailto:ada@example.com",
    "@a.example:b@example.com",
  ],
  dots: [".ada@example.com", "ada.@example.com", "a..da@example.com", "ada@.example.com", "ada@example..com"],
  "quotes and comments": [
    '"ada"@example.com',
    "a(b)da@example.com",
    "ada@(a)example.com",
    "a\\da@example.com",
  ],
  "white space and control": [
    "a da@example.com",
    "ada@exa mple.com",
    "ada@example.com\nBcc: b@example.com",
    "a\0@b.co",
  ],
  invisible: [
    "a\u200bda@example.com",
    "a\u00adda@example.com",
    "a\u2060@b.co",
    "a\u202e@b.co",
    "a\u{e0041}@b.co",
  ],
  "no form of its own": ["ａda@example.com", "ﬁ@example.com", "a\u0308da@example.com", "①@example.com"],
  "lone surrogates": ["\ud800@example.com", "a@\udc00.com"],
  domains: [
    "a@localhost",
    "a@com",
    "a@-b.com",
    "a@b-.com",
    "a@b_c.com",
    "a@b.c-",
    "a@exa%6dple.com",
    "a@b.com.",
  ],
  "no names": [
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@[::1]",
    "a@0x7f.1",
    "a@1.2",
    "a@b.com:25",
    "a@b.com/x",
    "a@u@b.com",
  ],
  "bad labels": [
    "a@xn--zz--.com",
    "a@xn--a.com",
    "a@xn--.com",
    "a@b.xn--abc.com",
    "a@xn--xn--a--gua.pt",
    "a@\u200d.com",
    "a@b\u00adc..com",
  ],
  lengths: [
    `${"a".repeat(65)}@example.com`,
    `${"é".repeat(33)}@example.com`,
    `a@${"b".repeat(64)}.example`,
    `${"a".repeat(64)}@${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}`,
    `a@${"b.".repeat(130)}co`,
  ],
};

test.each(Object.entries(NONE))("no address: %s", (_, texts) => {
  expect(texts.map((text) => [text, canonicalEmail(text)])).toEqual(texts.map((text) => [text, null]));
});

// What others judged

interface Vector {
  readonly id: string;
  readonly address: string;
  readonly verdict: "accept" | "reject" | "policy" | "policy-reject-preferred";
  readonly severity: "must" | "should";
}

/** Where this library means to differ: text → reason. None of them is a `must`. */
function reasonFor({ address }: Vector): string | null {
  const bare = address.trim();
  if (bare !== address && !/[\p{Cc}\s]/u.test(bare)) {
    return "outer white space is trimmed here; a body with CR or LF in it is refused before";
  }
  if (address === "somename@ｇｍａｉｌ.com") return "UTS 46 maps full-width letters, as browsers do";
  return null;
}

const path = join(process.env["LATCHKEY_VECTORS"] ?? "", "email.json");
const present = process.env["LATCHKEY_VECTORS"] !== undefined && existsSync(path);
const skipped = present ? "" : " (LATCHKEY_VECTORS names no folder with email.json: 2 tests are skipped)";

test.skipIf(!present)(`the addresses that other projects collected are judged as they were${skipped}`, () => {
  const { syntax }: { readonly syntax: readonly Vector[] } = JSON.parse(readFileSync(path, "utf8"));
  const judged = syntax.filter(({ verdict }) => verdict === "accept" || verdict === "reject");
  const other = judged.filter(({ address, verdict }) =>
    (canonicalEmail(address) !== null) !== (verdict === "accept")
  );
  const counts = (list: readonly Vector[]) => ({
    must: list.filter(({ severity }) => severity === "must").length,
    should: list.filter(({ severity }) => severity === "should").length,
  });
  expect(other.filter((vector) => reasonFor(vector) === null)).toEqual([]);
  expect(counts(judged)).toEqual({ must: 109, should: 164 });
  expect(counts(other)).toEqual({ must: 0, should: 26 });
});

test.skipIf(!present)("of an address that was collected, the canonical form is canonical", () => {
  const { syntax }: { readonly syntax: readonly Vector[] } = JSON.parse(readFileSync(path, "utf8"));
  const forms = syntax.flatMap(({ address }) => canonicalEmail(address) ?? []);
  expect(forms.map((form) => canonicalEmail(form))).toEqual(forms);
  expect(forms.length).toBeGreaterThan(80);
});
