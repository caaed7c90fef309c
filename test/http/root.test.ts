import { expect, test } from "vitest";
import { BASE_URL } from "../suite/world.ts";
import { failure, onSite, read } from "./site.ts";

const PATH = "GET /.well-known/webauthn";
const SHOP = "https://shop.example.org";
const APP = `android:apk-key-hash:${"A".repeat(43)}`;

test("browsers are told at the root on which origins passkeys may be used, if there are several", async () => {
  await onSite(async ({ ask, browser }) => {
    for (const headers of [{}, { origin: SHOP }, await browser("ada@example.com")]) {
      const reply = await ask(PATH, { headers });
      expect([reply.status, reply.body]).toEqual([200, { origins: [BASE_URL, SHOP] }]);
      expect([reply.headers.get("cache-control"), reply.headers.get("vary"), reply.headers.getSetCookie()])
        .toEqual(["public, max-age=3600", null, []]);
      expect((await ask(PATH.replace("GET", "HEAD"), { headers })).text).toBe("");
    }
    expect((await ask(PATH.replace("GET", "POST"), { headers: { origin: BASE_URL }, body: {} })).body)
      .toEqual(failure("method_not_allowed", { allow: ["GET", "HEAD"] }));
  }, { passkey: { origins: [SHOP, APP] } });
});

test("where there is one, or apps besides it, there is nothing to tell", async () => {
  for (const origins of [[], [APP]]) {
    await onSite(async ({ ask }) => {
      expect((await ask(PATH)).body).toEqual(failure("not_found"));
    }, { passkey: { origins } });
  }
});

test("it is at the root alone, and nothing else is", async () => {
  await onSite(async ({ auth }) => {
    for (const path of ["/auth/.well-known/webauthn", "/.well-known/jwks", "/.well-known", "/passkeys"]) {
      const reply = await read(await auth.handler(new Request(`${BASE_URL}${path}`)));
      expect([path, reply.body]).toEqual([path, failure("not_found")]);
    }
  }, { passkey: { origins: [SHOP] } });
});
