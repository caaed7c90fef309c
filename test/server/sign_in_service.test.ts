// OpenSSH and the command line against the real thing: an application that signs people in by their keys.
import { afterAll, expect, test } from "vitest";
import { type Auth, type AuthOptions, createAuth } from "../../mod.ts";
import { type NodeListener, toNodeListener } from "../../src/doors/node.ts";
import type { Duration } from "../../src/base/duration.ts";
import { fingerprint, parsePublicKey } from "../../src/protocol/key_pairs.ts";
import { sentences } from "../../src/server/flags.ts";
import { signedIn as signedInBy } from "../../src/server/sign_in.ts";
import { signedIn } from "../../src/testing/signed_in.ts";
import { type Testbed, testbed } from "../../src/testing/testbed.ts";
import { listening } from "../doors/listening.ts";
import { hasSsh, type KeyFile, sshFolder, sshSign, WITHOUT_SSH } from "../suite/ssh_keygen.ts";

const keys = sshFolder();
afterAll(() => keys.remove());

interface Application {
  readonly bed: Testbed;
  readonly auth: Auth<AuthOptions & { readonly key: true }>;
  /** Where it signs people in. */
  readonly url: string;
  /** Sends JSON to one of its routes. */
  readonly post: (path: string, body: object, headers?: Headers) => Promise<{
    readonly status: number;
    readonly body: Readonly<Record<string, string>>;
  }>;
}

async function application(): Promise<Application> {
  const bed = testbed();
  const served: NodeListener[] = []; // what it is served by follows from its port
  const port = await listening((incoming, outgoing) => void served[0]?.(incoming, outgoing));
  const baseUrl = `http://127.0.0.1:${port}`;
  const auth = createAuth({ ...bed.options, baseUrl, clientIp: "direct", key: true });
  served.push(toNodeListener(auth.handler));
  return {
    bed,
    auth,
    url: `${baseUrl}/auth`,
    async post(path, body, headers = new Headers()) {
      headers.set("Content-Type", "application/json");
      const reply = await fetch(`${baseUrl}/auth${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return { status: reply.status, body: await reply.json() };
    },
  };
}

/** Adds somebody's key to their account. */
async function added({ auth, post }: Application, key: KeyFile) {
  const headers = await signedIn(auth, "ada@example.com");
  const { body: { challengeId, message = "" } } = await post("/keys/start", { publicKey: key.line }, headers);
  const signature = sshSign(key.path, message);
  return await post("/keys", { challengeId, signature, name: "Laptop" }, headers);
}

test.skipIf(!hasSsh)(
  `whoever has added the key of ssh-keygen gets a token for it${WITHOUT_SSH}`,
  async () => {
    const here = await application();
    const key = keys.key("ada");
    const { status, body } = await added(here, key);
    const [type, blob] = key.line.split(" ");
    expect([status, body]).toEqual([201, {
      id: expect.any(String),
      name: "Laptop",
      type: "Ed25519",
      publicKey: `${type} ${blob}`,
      fingerprint: fingerprint(parsePublicKey(key.line)!.key),
      createdAt: "2030-01-01T00:00:00.000Z",
      lastUsedAt: null,
    }]);
    const token = await signedInBy(["--url", here.url, "--key", key.path]);
    const found = await here.auth.getSession(new Headers({ authorization: `Bearer ${token}` }));
    expect([found.user?.email, found.session?.amr]).toEqual(["ada@example.com", ["key"]]);
    const grant = JSON.parse(await signedInBy(["--json", "--url", here.url, "--key", key.path]));
    expect(grant).toMatchObject({
      user: { id: found.user?.id },
      refreshToken: expect.stringMatching(/^lkr_/),
    });
  },
);

test.skipIf(!hasSsh)(`a key that nobody has added is refused${WITHOUT_SSH}`, async () => {
  const here = await application();
  const told = await signedInBy(["--url", here.url, "--key", keys.key("stranger").path]).catch((error) =>
    sentences(error, {})
  );
  expect(told).toEqual([expect.stringMatching(/^http:\S+\/auth refuses: [A-Z][^\n]+\.$/)]);
});

test.skipIf(!hasSsh)(
  `ssh-keygen's signature counts for its namespace, key, message and as long as asked${WITHOUT_SSH}`,
  async () => {
    const here = await application();
    const [key, other] = [keys.key("bob"), keys.key("eve")];
    expect((await added(here, key)).status).toBe(201);
    const finish = async (sign: (message: string) => string, wait: Duration = "1s") => {
      const { body: { challengeId, message = "" } } = await here.post("/key/sign-in/start", {
        publicKey: key.line,
      });
      const signature = sign(message);
      await here.bed.clock.turn(wait);
      const { status, body } = await here.post("/key/sign-in/finish", { challengeId, signature });
      return [status, body["code"]];
    };
    expect(await finish((message) => sshSign(key.path, message))).toEqual([200, undefined]);
    expect(await finish((message) => sshSign(key.path, message, { hash: "sha256", from: "file" }), "119s"))
      .toEqual([200, undefined]);
    expect(await finish((message) => sshSign(key.path, `${message}\n`))).toEqual([200, undefined]);
    const wrong = [401, "signature_invalid"];
    expect(await finish((message) => sshSign(key.path, message, { namespace: "file" }))).toEqual(wrong);
    expect(await finish((message) => sshSign(other.path, message))).toEqual(wrong);
    expect(await finish((message) => sshSign(key.path, message.replace("sign in", "add a key")))).toEqual(
      wrong,
    );
    expect(await finish((message) => sshSign(key.path, message), "2m")).toEqual([401, "challenge_invalid"]);
    expect(await finish(() => "-----BEGIN SSH SIGNATURE-----")).toEqual([400, "input_invalid"]);
  },
);
