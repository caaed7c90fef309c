// A site that asks for less: authenticators that cannot tell their owner from others, or find nothing by themselves.
import { describe, expect, test } from "vitest";
import { CHROMIUM, KEY, PHONE, skipped } from "./chromium.ts";
import { stage } from "./stage.ts";

const { somebody } = stage({ userVerification: "preferred", requireDiscoverable: false });

describe.skipIf(CHROMIUM === undefined)(`in Chromium, where less is required${skipped}`, () => {
  test("a key that can neither tell its owner nor find a passkey makes one, and signs nobody in without a name", async () => {
    const { tab, device } = await somebody({ ...KEY, resident: false, verifies: false });
    expect(await tab.call("register", "mine")).toMatchObject({ name: "mine" });
    expect(await device.held()).toMatchObject([{ isResidentCredential: false }]);
    expect(await tab.call("register", "again")).toBe("InvalidStateError");
    expect(await tab.call("signIn")).toBe("NotAllowedError");
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
