// A site that asks for less: authenticators that cannot tell their owner from others, or find nothing by themselves.
import { describe, expect, test } from "vitest";
import { CHROMIUM, KEY, PHONE, skipped } from "./chromium.ts";
import { stage } from "./stage.ts";

const { somebody } = stage({ userVerification: "preferred", requireDiscoverable: false });

describe.skipIf(CHROMIUM === undefined)(`in Chromium, where less is required${skipped}`, () => {
  test.for([["key", { ...KEY, resident: false }, false], ["phone", PHONE, true]] as const)(
    "a %s that cannot tell its owner makes a passkey, once, and Chromium asks it for no other signature",
    async ([, traits, isResidentCredential]) => {
      const { tab, device } = await somebody({ ...traits, verifies: false });
      expect(await tab.call("register", "mine")).toMatchObject({ name: "mine" });
      expect(await device.held()).toMatchObject([{ isResidentCredential }]);
      expect(await tab.call("register", "again")).toBe("InvalidStateError");
      expect(await tab.call("signIn")).toBe("NotAllowedError");
    },
  );

  test("a passkey that was made without asking who its owner is signs in, and is asked later", async () => {
    const { tab, device, email } = await somebody(KEY);
    await device.lie("verification");
    expect(await tab.call("register", "mine")).toMatchObject({ name: "mine" });
    expect(await device.held()).toMatchObject([{ isResidentCredential: true }]);
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
    await device.lie();
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
  });

  test("an authenticator that does not say that it knows its owner signs in", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "mine");
    expect(await device.held()).toMatchObject([{ isResidentCredential: true }]);
    await device.lie("verification");
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
    await device.lie("presence");
    expect(await tab.call("signIn")).toBe("signature_invalid");
  });
});
