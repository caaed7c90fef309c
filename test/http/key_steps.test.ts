// What the options and the form of a key make of its steps, over the wire.
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import type { KeyStep } from "../../src/features/key/contract.ts";
import { ed25519Blob } from "../../src/protocol/ssh_wire.ts";
import { ADA as PAIR, addsKey, answering, line, publicBytes } from "../suite/key_holder.ts";
import { outcome } from "../suite/steps.ts";
import { onSite, type Site } from "./site.ts";

const ADA = "ada@example.com";

/** A step that was begun over the wire. */
async function begun({ ask }: Site): Promise<KeyStep> {
  const { status, body } = await ask("POST /key/sign-in/start", { body: { publicKey: PAIR.x } });
  expect(status).toBe(200);
  return body as KeyStep; // as it says
}

test("there is as long to sign as key.ttl says, to the second", async () => {
  await onSite(async (site) => {
    const { world, auth } = site;
    await addsKey(await world.signedIn(ADA), PAIR);
    const [first, second] = [await begun(site), await begun(site)];
    expect(first.expiresAt).toBe(new Date(world.now() + 30_000).toISOString());
    expect(first.message).toContain(`\nExpires: ${first.expiresAt}`);
    await world.turn("29s");
    expect(await outcome(world.at(auth).key.finishSignIn(await answering(PAIR, first)))).toBe("fine");
    await world.turn("1s");
    expect(await outcome(world.at(auth).key.finishSignIn(await answering(PAIR, second)))).toBe(
      "challenge_invalid",
    );
  }, { key: { ttl: "30s" } });
});

test("what is signed names jwt.issuer, and the place in spite of it; so do the tokens", async () => {
  const issuer = "https://accounts.example.com";
  await onSite(async (site) => {
    const { world, auth, ask } = site;
    await addsKey(await world.signedIn(ADA), PAIR);
    const step = await begun(site);
    expect(step.message).toContain(`\nIssuer: ${issuer}\nAt: http://localhost:3000/auth\nKey: `);
    const body = { ...await answering(PAIR, step), session: "bearer" };
    const grant = await ask("POST /key/sign-in/finish", { body });
    const { accessToken } = grant.body as { readonly accessToken: string }; // as it says
    expect(decodeJwt(accessToken)).toMatchObject({ iss: issuer, amr: ["key"] });
    expect((await auth.getSession(new Headers({ authorization: `Bearer ${accessToken}` }))).user?.email).toBe(
      ADA,
    );
  }, { jwt: { issuer } });
});

test("the place is where the handler is mounted", async () => {
  await onSite(async ({ auth }) => {
    const { message } = await auth.key.startSignIn({ publicKey: PAIR.x });
    expect(message).toContain("\nAt: https://app.example.com/api/login\n");
  }, { baseUrl: "https://app.example.com", basePath: "/api/login" });
});

test.each<[what: string, publicKey: string, name: string]>([
  ["its comment", `${line(ed25519Blob(publicBytes(PAIR)))} ada@laptop\n`, "ada@laptop"],
  ["a comment of 64 bytes", `${line(ed25519Blob(publicBytes(PAIR)))} ${"ü".repeat(32)}`, "ü".repeat(32)],
  ["no longer comment", `${line(ed25519Blob(publicBytes(PAIR)))} ${"ü".repeat(33)}`, "Key"],
  ["nothing where it has no comment", PAIR.x, "Key"],
])("a key that nobody names is called by %s", async (_, publicKey, name) => {
  await onSite(async ({ world }) => {
    const ada = await world.signedIn(ADA);
    const step = await ada.key.startAdd({ publicKey });
    expect((await ada.key.add(await answering(PAIR, step))).name).toBe(name);
    const { items: [{ id } = { id: "" }] } = await ada.key.list();
    await ada.key.remove({ id });
    const named = await ada.key.startAdd({ publicKey });
    expect((await ada.key.add({ ...await answering(PAIR, named), name: "Mine" })).name).toBe("Mine");
  });
});
