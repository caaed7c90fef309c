// Passkeys in a real browser: the page that the documents print, which uses the browser's own JSON functions and nothing else, on real
// HTTP, with authenticators as people have them.
import { describe, expect, test } from "vitest";
import { CHROMIUM, KEY, PHONE, skipped } from "./chromium.ts";
import { stage } from "./stage.ts";

const { somebody } = stage();

describe.skipIf(CHROMIUM === undefined)(`in Chromium${skipped}`, () => {
  test.for([["phone", PHONE, "swk"], ["security key", KEY, "hwk"]] as const)(
    "a %s registers once, and signs in without a name: when it is asked for, and where the address is typed",
    async ([, traits, amr]) => {
      const { tab, device, email } = await somebody(traits);
      const passkey = await tab.call("register", "mine");
      expect(passkey).toMatchObject({
        name: "mine",
        transports: [traits.transport],
        backedUp: traits.synced,
      });
      expect(await tab.call("register", "again")).toBe("InvalidStateError");
      for (const mediation of ["optional", "conditional"]) {
        await tab.call("ask", "POST", "/sign-out", {});
        expect(await tab.call("signIn", mediation)).toMatchObject({
          user: { email },
          session: { amr: [amr, "user"] },
        });
      }
      expect(await tab.call("list")).toMatchObject([{ name: "mine", lastUsedAt: expect.any(String) }]);
      expect(await device.held()).toMatchObject([{ isResidentCredential: true, signCount: 3 }]);
    },
  );

  test("a second authenticator is another passkey of the same account, and both are called what their owner likes", async () => {
    const { tab, device, email } = await somebody(PHONE);
    await tab.call("register", "phone");
    await device.unplug();
    const key = await tab.plug(KEY);
    const added = Object(await tab.call("register", "key"));
    expect(added).toMatchObject({ name: "key", transports: ["usb"] });
    const renamed = { ...added, name: "Ada's key" };
    expect(await tab.call("ask", "PATCH", `/passkeys/${added.id}`, { name: renamed.name })).toEqual(renamed);
    expect(await tab.call("ask", "GET", "/passkeys")).toMatchObject({ items: [{ name: "phone" }, renamed] });
    await tab.call("ask", "POST", "/sign-out", {});
    expect(await tab.call("signIn")).toMatchObject({ user: { email } });
    expect(await key.held()).toMatchObject([{ signCount: 2 }]);
  });

  test("a passkey that was removed signs nobody in, and the authenticator forgets it", async () => {
    const { tab, device } = await somebody(PHONE);
    const { id } = Object(await tab.call("register", "mine"));
    expect(await tab.call("ask", "DELETE", `/passkeys/${id}`)).toBe(null);
    expect(await device.held()).toHaveLength(1);
    expect(await tab.call("signIn")).toBe("credentials_invalid");
    expect(await device.held()).toEqual([]);
    expect(await tab.call("signIn")).toBe("NotAllowedError");
  });

  test("it forgets it too when its owner looks at the list, and keeps what still counts", async () => {
    const { tab, device } = await somebody(PHONE);
    const { id } = Object(await tab.call("register", "mine"));
    expect(await tab.call("list")).toMatchObject([{ name: "mine" }]);
    expect(await device.held()).toHaveLength(1);
    await tab.call("ask", "DELETE", `/passkeys/${id}`);
    expect(await tab.call("list")).toEqual([]);
    expect(await device.held()).toEqual([]);
  });
});
