// What the programs of OpenSSH make, as they are installed here: keys, fingerprints, signatures.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fingerprint, openSshLine, parsePublicKey } from "../../src/protocol/key_pairs.ts";
import { messageToSign, parseSignature, verifySignature } from "../../src/protocol/key_pairs_signed.ts";
import { ADA, sshSigned } from "../suite/key_holder.ts";
import { hasSsh, type KeyFile, ssh, sshFolder, sshSign, WITHOUT_SSH } from "../suite/ssh_keygen.ts";

const folder = sshFolder();
afterAll(() => folder.remove());

const made = new Map<string, KeyFile>();

/** A key of this name, made when it is first asked for. */
function keyOf(name: string): KeyFile {
  const found = made.get(name) ?? folder.key(name);
  made.set(name, found);
  return found;
}

function messageFor({ line }: KeyFile): string {
  return messageToSign({
    purpose: "sign-in",
    issuer: "https://auth.example.com",
    at: "https://auth.example.com/auth",
    key: parsePublicKey(line)!.key,
    challengeId: "k4m7q2",
    expiresAt: Date.UTC(2026, 10, 22),
  });
}

/** What comes of a signature by a key over its message. */
async function outcome(
  text: string,
  key: KeyFile,
  message: string = messageFor(key),
): Promise<boolean | null> {
  const parsed = parseSignature(text);
  return parsed === null ? null : await verifySignature(parsePublicKey(key.line)!.key, message, parsed);
}

describe.skipIf(!hasSsh)(`ssh-keygen${WITHOUT_SSH}`, () => {
  test("makes keys whose lines and fingerprints are ours too", () => {
    const { path, line } = keyOf("ada");
    const { key, comment } = parsePublicKey(line)!;
    expect(comment).toBe("ada@example.com");
    expect(`${openSshLine(key, comment!)}\n`).toBe(line);
    expect(ssh(["ssh-keygen", "-l", "-f", path]).split(" ")[1]).toBe(fingerprint(key));
  });

  test("reads the lines that we write, whatever the comment", () => {
    const file = join(folder.path, "written.pub");
    writeFileSync(file, openSshLine(ADA.x, "two\nlines"));
    expect(ssh(["ssh-keygen", "-l", "-f", file])).toBe(`256 ${fingerprint(ADA.x)} two lines (ED25519)\n`);
  });

  test.each(["rsa", "ecdsa"])("makes keys of another kind, which are refused: %s", (type) => {
    const { path, line } = folder.key(type, { type });
    expect(parsePublicKey(line)).toBeNull();
    expect(parseSignature(sshSign(path, "message"))).toBeNull();
  });

  test("makes certificates, which are refused", () => {
    const { path } = folder.key("certified");
    ssh(["ssh-keygen", "-q", "-s", keyOf("ada").path, "-I", "bob", "-n", "bob", `${path}.pub`]);
    expect(parsePublicKey(readFileSync(`${path}-cert.pub`, "utf8"))).toBeNull();
  });

  test.each(
    (["sha256", "sha512"] as const).flatMap((hash) =>
      (["file", "stdin"] as const).map((from) => [hash, from] as const)
    ),
  )("signs over %s what it reads from %s", async (hash, from) => {
    const key = keyOf("ada");
    const message = messageFor(key);
    expect(await outcome(sshSign(key.path, message, { hash, from }), key)).toBe(true);
    expect(await outcome(sshSign(key.path, `${message}\n`, { hash, from }), key)).toBe(true); // as echo gives it
    expect(await outcome(sshSign(key.path, `${message}\n\n`, { hash, from }), key)).toBe(false);
  });

  test("signs for another namespace, with another key, another message: refused", async () => {
    const [key, other] = [keyOf("ada"), keyOf("bob")];
    const message = messageFor(key);
    expect(await outcome(sshSign(key.path, message, { namespace: "file" }), key)).toBe(false);
    expect(await outcome(sshSign(other.path, message), key)).toBe(false);
    expect(await outcome(sshSign(key.path, messageFor(other)), key)).toBe(false);
    expect(await outcome(sshSign(other.path, messageFor(other)), other)).toBe(true);
  });

  test("signs through an agent, where the private key is in no file", async () => {
    const agent = await folder.agent();
    const key = folder.key("kept");
    agent.add(key);
    rmSync(key.path);
    expect(() => sshSign(`${key.path}.pub`, messageFor(key))).toThrow("ended with");
    for (const hash of ["sha256", "sha512"] as const) {
      const text = sshSign(`${key.path}.pub`, messageFor(key), { hash, env: agent.env });
      expect(await outcome(text, key)).toBe(true);
    }
  });

  test("makes signatures of which no byte can be another", async () => {
    const key = keyOf("ada");
    const text = sshSign(key.path, messageFor(key));
    const found = new Set<boolean | null>();
    for (let at = 0; at < text.length; at++) {
      const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
      found.add(await outcome(text.slice(0, at) + other + text.slice(at + 1), key));
    }
    expect(found).toEqual(new Set([null, false]));
  });

  test("verifies the signatures that we make for tests, so both mean the same", async () => {
    const key = join(folder.path, "ada-of-tests.pub");
    writeFileSync(key, `ada@example.com ${openSshLine(ADA.x)}\n`);
    for (const hash of ["sha256", "sha512"] as const) {
      const signature = join(folder.path, hash);
      writeFileSync(signature, await sshSigned(ADA, "message", { hash }));
      const said = ssh(
        ["ssh-keygen", "-Y", "verify", "-f", key, "-I", "ada@example.com", "-n", "latchkey", "-s", signature],
        { input: "message" },
      );
      expect(said).toMatch(/^Good "latchkey" signature for ada@example\.com/);
    }
  });
});
