// Ceremonies of every kind with every byte altered, every field cut, extended, swapped or replaced: nothing that is signed or compared
// is taken, and nothing that came over the wire is a failure of ours.
import { describe, expect, test } from "vitest";
import { base64url, fromBase64url } from "../../src/base/encoding.ts";
import { chance } from "../../src/doors/testing.ts";
import { asserted, recorded, registered } from "../suite/passkeys.ts";

const KINDS = [
  { algorithm: "ES256", attestation: "packed" },
  { algorithm: "EdDSA", attestation: "packed" },
  { algorithm: "RS256", attestation: "packed" },
  { algorithm: "ES256", attestation: "none" },
] as const;
const OTHER = { random: chance(11) };

/** A ceremony's JSON, as far as it is altered. */
interface Sent {
  readonly response: object;
}

/** Its members that are base64url, by path. */
function texts(json: Sent): readonly (readonly [path: readonly string[], text: string])[] {
  const own = Object.entries(json).map(([name, value]) => [[name], value] as const);
  const inner = Object.entries(json.response).map(([name, value]) => [["response", name], value] as const);
  return [...own, ...inner].flatMap(([path, value]) =>
    typeof value === "string" ? [[path, value] as const] : []
  );
}

/** The JSON with another value at a path; without it, where that is undefined. */
function having(json: Sent, [first = "", second]: readonly string[], value: unknown): Sent {
  const inner = second === undefined
    ? { [first]: value }
    : { response: { ...json.response, [second]: value } };
  return { ...json, ...inner };
}

/** Texts that are nearly the same: a bit of each byte turned, cut, extended, spelled otherwise. */
function nearly(text: string, random: (length: number) => Uint8Array): readonly string[] {
  const bytes = fromBase64url(text) ?? new Uint8Array();
  const turned = Array.from(bytes, (byte, at) => bytes.with(at, byte ^ (1 << ((random(1)[0] ?? 0) & 7))));
  const step = Math.ceil(bytes.length / 40);
  const cut = Array.from(
    { length: Math.floor((bytes.length - 1) / step) },
    (_, i) => bytes.subarray(0, 1 + i * step),
  );
  const longer = [Uint8Array.of(...bytes, 0), Uint8Array.of(0, ...bytes), Uint8Array.of(...bytes, ...bytes)];
  const spelled = [`${text}=`, `${text} `, `${text}A`, text.slice(1), text.toUpperCase(), `${text}\n`];
  return [...[...turned, ...cut, ...longer].map(base64url), ...spelled].filter((one) => one !== text);
}

/** What is no text at all, or too long to be looked at. */
const NOT_IT = [undefined, null, 0, true, [], {}, "", "x".repeat(60_000), "\0", "\ud800", ["AAAA"], {
  length: 1,
}];

/** What is not looked at but for its form. */
const FREE: ReadonlySet<string> = new Set([
  "authenticatorAttachment",
  "response.authenticatorData",
  "response.publicKey",
]);

describe.each(KINDS)("a ceremony by $algorithm with attestation $attestation", (traits) => {
  test("an altered assertion is not taken", async () => {
    const { assertion, stored } = await recorded(traits);
    const { assertion: other } = await recorded({ ...traits, ...OTHER });
    expect(await asserted(assertion, stored)).toMatchObject({ is: "valid" });
    const taken: unknown[] = [];
    let tried = 0;
    for (const { path, value, json } of altered(assertion, other)) {
      tried++;
      const saysNothing = path === "response.userHandle" && !value; // for whom it is need not be told
      if (FREE.has(path) || saysNothing) continue;
      const outcome = await asserted(json, stored);
      if (outcome.is === "valid") taken.push({ path, value });
    }
    expect(taken).toEqual([]);
    expect(tried).toBeGreaterThan(400);
  });

  test("an altered registration is not taken, or says what it said", async () => {
    const { registration, credential } = await recorded(traits);
    const { registration: other } = await recorded({ ...traits, ...OTHER });
    expect(await registered(registration)).toEqual({ is: "valid", credential });
    const taken = new Set<string>();
    const untrue: unknown[] = [];
    for (const { path, value, json } of altered(registration, other)) {
      const outcome = await registered(json);
      if (outcome.is !== "valid") continue;
      taken.add(path);
      // What nobody signed may say something else; but it is of the same credential.
      const told = traits.attestation === "none" ? outcome.credential.id : JSON.stringify(outcome.credential);
      const first = traits.attestation === "none" ? credential.id : JSON.stringify(credential);
      if (told !== first) untrue.push({ path, value });
    }
    expect(untrue).toEqual([]);
    const unsigned = traits.attestation === "none" ? ["response.clientDataJSON"] : [];
    const free = new Set([...FREE, "response.attestationObject", ...unsigned]);
    expect([...taken].filter((path) => !free.has(path))).toEqual([]);
  });
});

/** A ceremony's JSON with each of its texts altered in turn. */
function* altered(json: Sent, other: Sent): Generator<{ path: string; value: unknown; json: Sent }> {
  const random = chance(5);
  for (const [path, text] of texts(json)) {
    const swapped = texts(other).find(([there]) => there.join() === path.join())?.[1];
    const near = FREE.has(path.join(".")) ? [] : nearly(text, random);
    for (const value of [...near, ...NOT_IT, swapped]) {
      if (value !== text) yield { path: path.join("."), value, json: having(json, path, value) };
    }
  }
}

test("what is no ceremony at all is malformed", async () => {
  const { stored } = await recorded();
  const odd = [
    ...NOT_IT,
    { id: "AAAA" },
    { response: {} },
    JSON.parse('{"__proto__":{"id":"AAAA"}}'),
    new Date(0),
  ];
  for (const json of odd) {
    expect(await registered(json)).toMatchObject({ is: "malformed" });
    expect(await asserted(json, stored)).toMatchObject({ is: "malformed" });
  }
});

test("members that are not read may be anything but what is dangerous", async () => {
  const { registration } = await recorded();
  const { response, clientExtensionResults } = registration;
  const more = { unknown: [{}], response: { ...response, unknown: 1 } };
  expect(await registered({ ...registration, ...more })).toMatchObject({ is: "valid" });
  const extensions = { ...clientExtensionResults, prf: { enabled: true }, credProps: { rk: true, other: 1 } };
  expect(await registered({ ...registration, clientExtensionResults: extensions })).toMatchObject({
    is: "valid",
  });
  const polluted = JSON.parse(`{"__proto__":1,${JSON.stringify(registration).slice(1)}`);
  expect(await registered(polluted)).toEqual({ is: "malformed", path: "credential.__proto__" });
  for (const credProps of [null, 1, { rk: "false" }, { rk: 0 }]) {
    const outcome = await registered({ ...registration, clientExtensionResults: { credProps } });
    expect(outcome).toMatchObject({ is: "malformed" });
  }
});
