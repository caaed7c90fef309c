// What passkeys in a real browser are refused for. What is sent is the same on every runtime.
import { describe, expect, test } from "vitest";
import { CHROMIUM, KEY, PHONE, skipped } from "./chromium.ts";
import { stage } from "./stage.ts";

const { site, somebody } = stage();

/** In the page: any passkey will do. */
const ASKS_FOR_LESS = `{
  const parse = PublicKeyCredential.parseCreationOptionsFromJSON;
  PublicKeyCredential.parseCreationOptionsFromJSON = ({ authenticatorSelection, ...options }) => parse(options);
}`;

/** In the page: what authenticators are told is kept, and told to nobody. */
const LISTENS = `{
  const told = [];
  for (const name of ["signalUnknownCredential", "signalAllAcceptedCredentials"]) {
    PublicKeyCredential[name] = async (about) => void told.push({ name, about });
  }
  globalThis.told = () => told;
}`;

describe.skipIf(CHROMIUM === undefined)(`in Chromium${skipped}`, () => {
  test("what cannot tell its owner from others, or find a passkey by itself, makes none", async () => {
    const { tab, device } = await somebody({ ...PHONE, verifies: false });
    expect(await tab.call("register", "mine")).toBe("NotAllowedError");
    await device.unplug();
    const lacking = [{ verifies: false }, { resident: false }, { resident: false, verifies: false }];
    for (const traits of [{ ...PHONE, resident: false }, ...lacking.map((lacks) => ({ ...KEY, ...lacks }))]) {
      const { held, unplug } = await tab.plug(traits);
      expect([traits, await tab.call("register", "mine")]).toEqual([traits, "NotAllowedError"]);
      expect(await held()).toEqual([]);
      await unplug();
    }
    expect(await tab.call("list")).toEqual([]);
  });

  test("a passkey that says it finds nothing by itself is refused, whatever a page made of the options", async () => {
    const { tab, device } = await somebody({ ...PHONE, resident: false });
    await tab.call("eval", ASKS_FOR_LESS);
    expect(await tab.call("register", "mine")).toBe("signature_invalid");
    expect(await device.held()).toMatchObject([{ isResidentCredential: false }]);
    expect(await tab.call("list")).toEqual([]);
  });

  test("whoever cannot prove to be its owner, cancels or leaves is not signed in, and may try again", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "mine");
    await tab.call("ask", "POST", "/sign-out", {});
    await device.person({ verified: false });
    expect(await tab.call("signIn")).toBe("NotAllowedError");
    await device.person({ present: false });
    const [cancelled, left] = [tab.call("signIn"), tab.call("signIn").catch(() => "left")];
    expect(await cancelled).toBe("AbortError");
    await tab.go(`${site().origin}/`);
    expect(await left).toBe("left");
    await device.person({});
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
  });

  test("a counter that stands still, goes back or is gone is a clone's: it is refused, and told", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "mine");
    await device.count(7);
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
    for (const signCount of [7, 3, -1]) {
      const told = site().events.length;
      await device.count(signCount);
      expect([signCount, await tab.call("signIn")]).toEqual([signCount, "credentials_invalid"]);
      expect(site().events.slice(told)).toEqual(["passkey.cloned"]);
    }
    expect(await device.held()).toHaveLength(1);
  });

  test("an authenticator that lies about its signature, its owner or a touch is refused, until it does not", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "mine");
    for (const about of ["signature", "verification", "presence"] as const) {
      await device.lie(about);
      expect([about, await tab.call("signIn")]).toEqual([about, "signature_invalid"]);
    }
    await device.lie();
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
  });

  test("whether a passkey is elsewhere too may change, and whether it may be may not", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "mine");
    await device.backup({ eligible: true, done: false });
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
    expect(await tab.call("list")).toMatchObject([{ backedUp: false }]);
    await device.backup({ eligible: false, done: false });
    expect(await tab.call("signIn")).toBe("signature_invalid");
  });

  test("of a passkey that nobody has any more authenticators are told what the server answered, word for word", async () => {
    const { tab } = await somebody(PHONE);
    await tab.call("eval", LISTENS);
    const { id, credentialId } = Object(await tab.call("register", "mine"));
    await tab.call("list");
    const { signal } = Object(await tab.call("ask", "GET", "/passkeys"));
    await tab.call("ask", "DELETE", `/passkeys/${id}`);
    expect(await tab.call("signIn")).toBe("credentials_invalid");
    expect(await tab.call("told")).toEqual([
      { name: "signalAllAcceptedCredentials", about: signal },
      { name: "signalUnknownCredential", about: { rpId: "localhost", credentialId } },
    ]);
  });
});
