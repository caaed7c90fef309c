// The kinds of mail: what features send is what applications can word anew, and ours are worded in each language.
import { expect, test } from "vitest";
import { always, chosen } from "../../src/features/index.ts";
import type { Mails } from "../../src/contract.ts";
import { membersOf } from "../../tools/members.ts";

const features: readonly { readonly mails?: Mails; readonly notices?: Mails }[] = Object.values({
  ...always,
  ...chosen,
});
const sent: Mails = Object.assign({}, ...features.flatMap(({ mails, notices }) => [mails, notices]));
const kinds = membersOf("src/model.ts", "MailKinds");

test("each kind of mail that a feature sends has its data typed, and no other kind does", () => {
  expect(apart(Object.keys(sent), kinds.map(({ name }) => name))).toEqual([]);
});

test("a kind that is sent and not typed is seen, and one that is typed and never sent", () => {
  expect(apart(["a.added", "a.code"], ["a.code", "a.link"])).toEqual([
    "a.added is not typed",
    "a.link is not sent",
  ]);
});

test.each(kinds.map(({ name, type }) => [name, type]))(
  "%s is worded in English and German, of its own data alone",
  async (kind, type) => {
    const given = sent[kind];
    const wordings = typeof given === "function" ? await given() : given;
    expect(Object.keys(wordings ?? {}).toSorted()).toEqual(["de", "en"]);
    const data = Object.fromEntries(membersOf("src/model.ts", type).map(({ name }) => [name, `<${name}>`]));
    for (const locale of ["en", "de"]) {
      const { subject = "", text = "" } = await wordings?.[locale]?.(data as never, locale) ?? {}; // as its type says
      expect(`${subject}\n${text}`).not.toMatch(/undefined|null|\[object/);
      expect([subject.includes("\n"), subject.trim() === "", text.endsWith("\n")]).toEqual([
        false,
        false,
        true,
      ]);
    }
  },
);

function apart(sent: readonly string[], typed: readonly string[]): readonly string[] {
  return [
    ...sent.filter((kind) => !typed.includes(kind)).map((kind) => `${kind} is not typed`),
    ...typed.filter((kind) => !sent.includes(kind)).map((kind) => `${kind} is not sent`),
  ];
}
