// What docs/stores.md says of moving up: a store is copied while nobody writes, and everybody is still signed in.
import { describe, expect, test } from "vitest";
import { moveStore } from "../../examples/move_store.ts";
import { signIn } from "./steps.ts";
import { premises, STORES } from "./stores.ts";
import { world } from "./world.ts";

const WAYS = STORES.map((store, i) => [store, STORES[(i + 1) % STORES.length] ?? store] as const);

describe.each(WAYS)("from %s to %s", (from, to) => {
  test("accounts, sessions and codes under way go along, and what has expired stays behind", async () => {
    const old = world(from, "method");
    const next = premises(to, old.now);
    try {
      const { client: ada, grant } = await signIn(old, "ada@example.com", "bearer");
      const { client: bob } = await signIn(old, "bob@example.com");
      await old.person().emailOtp.start({ email: "late@example.com" });
      await old.turn("9m");
      const { challengeId } = await old.person().emailOtp.start({ email: "cleo@example.com" });
      const code = old.mailbox.code("cleo@example.com");
      await old.turn("2m"); // Late's code has expired
      const held = await old.contents();
      const copied = await moveStore(old.driver(), next.driver(), old.now);
      expect(copied).toBe([...held.keys()].filter((key) => !key.startsWith("challenges:")).length + 1);

      const moved = old.another({ storage: next.driver() });
      expect((await moved.requireSession(bob.headers)).user.email).toBe("bob@example.com");
      expect((await moved.requireSession(ada.headers)).user.email).toBe("ada@example.com");
      const refreshed = await moved.sessions.refresh({ refreshToken: grant.refreshToken ?? "" });
      expect(refreshed.user.id).toBe(grant.user.id);
      expect((await moved.emailOtp.verify({ challengeId, code })).user.email).toBe("cleo@example.com");
      await expect(moveStore(old.driver(), next.driver(), old.now)).rejects.toThrow("not empty");
    } finally {
      await next.close();
      await old.close();
    }
  });
});
