// Passkeys on several domains: Chromium asks the one that they belong to which others may use them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CHROMIUM, chromium, PHONE, skipped } from "./chromium.ts";
import { site } from "./site.ts";

const HOME = "https://example.com";
const SHOP = "https://shop.example.org";
const EVIL = "https://evil.example.net";

test.skipIf(CHROMIUM === undefined)(
  `a passkey of one domain signs in on another that is named, and on no third${skipped}`,
  async () => {
    const { port, signedUp } = await everywhere();
    const browser = await chromium([
      `--host-resolver-rules=MAP * 127.0.0.1:${port}`,
      "--ignore-certificate-errors",
    ]);
    onTestFinished(browser.close);
    const tab = await browser.open(`${HOME}/`);
    await tab.plug(PHONE);
    await signedUp(tab, "ada@example.com");
    expect(await tab.call("register", "mine")).toMatchObject({ name: "mine" });
    await tab.go(`${SHOP}/`);
    expect(await tab.call("signIn")).toMatchObject({ user: { email: "ada@example.com" } });
    await tab.go(`${EVIL}/`);
    expect(await tab.call("signIn")).toBe("SecurityError");
  },
);

/** The site under all of these names, with a certificate that nobody vouches for. */
async function everywhere(): Promise<{ readonly port: number } & Pick<ReturnType<typeof site>, "signedUp">> {
  const { close, listener, signedUp } = site({
    baseUrl: HOME,
    passkey: { origins: [SHOP] },
    trustedOrigins: [SHOP, EVIL], // it may ask: what counts is what the browser does
  });
  const server = createServer(certificate(), listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await close();
  });
  return { port: Object(server.address()).port, signedUp };
}

function certificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const type = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  spawnSync("openssl", ["req", "-x509", ...type, "-subj", "/CN=example.com", "-keyout", key, "-out", cert]);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
