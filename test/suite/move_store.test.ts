// What docs/stores.md says of moving up: a store is copied while nobody writes, and everybody is still signed in.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { moveStore } from "../../examples/move_store.ts";
import { signIn } from "./steps.ts";
import { premises, STORES } from "./stores.ts";
import { world } from "./world.ts";

const WAYS = STORES.map((store, i) => [store, STORES[(i + 1) % STORES.length] ?? store] as const);

test("the command copies from one address to another, and says how much", async () => {
  const [from, to] = [premises("sqlite", Date.now), premises("fs", Date.now)];
  try {
    for (const id of ["a", "b"]) await from.driver().setItem(`users:${id}`, '{"v":1,"rev":1,"w":"w"}');
    await from.driver().setItem("users:gone", JSON.stringify({ exp: Date.now() - 1 }));
    const script = join(import.meta.dirname, "../../examples/move_store.ts");
    const args = "Deno" in globalThis ? ["run", "-A", script] : [script];
    const places = [`sqlite:${join(from.place.at, "auth.db")}`, `fs:${join(to.place.at, "store")}`];
    const { stdout, stderr } = spawnSync(process.execPath, [...args, ...places], { encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["2 records were copied.\n", expect.anything()]);
    expect(await to.driver().getKeys("")).toEqual(["users:a", "users:b"]);
  } finally {
    await from.close();
    await to.close();
  }
});

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
