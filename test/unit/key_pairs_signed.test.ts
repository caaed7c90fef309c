// Signatures of key pairs, bare and as SSH makes them: what fits, what does not, and what is no signature at all.
import { describe, expect, test } from "vitest";
import { base64url, fromBase64url } from "../../src/base/encoding.ts";
import { fingerprint } from "../../src/protocol/key_pairs.ts";
import {
  type Asked,
  type Circumstances,
  messageToSign,
  parseSignature,
  verifySignature,
} from "../../src/protocol/key_pairs_signed.ts";
import { fromBase64, joined, strings, uint32 } from "../../src/protocol/ssh_wire.ts";
import { ADA, armored, bare, BOB, raised, signed, sshSigned } from "../suite/key_holder.ts";

const HERE: Circumstances = {
  issuer: "https://auth.example.com",
  at: "https://auth.example.com/auth",
  key: ADA.x,
  challengeId: "k4m7q2",
  expiresAt: Date.UTC(2026, 10, 22, 3, 30),
};
const MESSAGE = messageToSign({ purpose: "sign-in", ...HERE });
const ADDING: Asked = { purpose: "add", account: "b2c3", ...HERE };

/** What comes of a signature from the wire: `null` where it is malformed. */
async function outcome(
  text: string,
  key: string = ADA.x,
  message: string = MESSAGE,
): Promise<boolean | null> {
  const parsed = parseSignature(text);
  return parsed === null ? null : await verifySignature(key, message, parsed);
}

describe("the message", () => {
  test("is readable, and says what for, for whom, where, by which key, which challenge and until when", () => {
    expect(MESSAGE).toBe(
      `Latchkey: sign in

Whoever has this signature is signed in as you. Sign only what you asked for yourself.

Purpose: sign in
Issuer: https://auth.example.com
At: https://auth.example.com/auth
Key: ${fingerprint(ADA.x)}
Challenge: k4m7q2
Expires: 2026-11-22T03:30:00.000Z`,
    );
  });

  test("that adds a key says to whose account", () => {
    expect(messageToSign(ADDING)).toBe(
      `Latchkey: add a key

Whoever has this signature adds your key to an account. Sign only what you asked for yourself.

Purpose: add a key
Issuer: https://auth.example.com
At: https://auth.example.com/auth
Account: b2c3
Key: ${fingerprint(ADA.x)}
Challenge: k4m7q2
Expires: 2026-11-22T03:30:00.000Z`,
    );
  });

  test.each<[string, Asked]>([
    ["purpose", { ...ADDING }],
    ["issuer", { purpose: "sign-in", ...HERE, issuer: "https://auth.example.org" }],
    ["place of one origin", { purpose: "sign-in", ...HERE, at: "https://auth.example.com/other" }],
    ["key", { purpose: "sign-in", ...HERE, key: BOB.x }],
    ["challenge", { purpose: "sign-in", ...HERE, challengeId: "k4m7q3" }],
    ["expiry", { purpose: "sign-in", ...HERE, expiresAt: HERE.expiresAt + 1 }],
  ])("is another one for another %s, so a signature of the one is none of the other", async (_, other) => {
    const another = messageToSign(other);
    expect(await outcome(await bare(ADA, another), ADA.x, another)).toBe(true);
    expect(await outcome(await bare(ADA, another))).toBe(false);
    expect(await outcome(await sshSigned(ADA, another))).toBe(false);
  });

  test("that adds a key to one account adds it to no other", async () => {
    const another = messageToSign({ ...ADDING, account: "b2c4" });
    expect(await outcome(await bare(ADA, another), ADA.x, messageToSign(ADDING))).toBe(false);
  });

  test.each(["issuer", "at", "account", "challengeId"] as const)(
    "has each fact on a line of its own, whatever stands in %s",
    (name) => {
      const odd = { ...ADDING, [name]: "https://a.example\r\nKey: mine\u0085\ud800\\u000a" };
      const lines = messageToSign(odd).split(/[\r\n\u0085\u2028\u2029]/);
      expect(lines).toHaveLength(messageToSign(ADDING).split("\n").length);
      expect(lines.filter((line) => line.startsWith("Key:"))).toEqual([`Key: ${fingerprint(ADA.x)}`]);
      expect(lines.filter((line) => line.endsWith("\\u0085\\ud800\\u005cu000a"))).toHaveLength(1);
      expect(lines.every((line) => line.isWellFormed())).toBe(true);
    },
  );
});

describe("a bare signature", () => {
  test("counts for its key and its message", async () => {
    const text = await bare(ADA, MESSAGE);
    expect(await outcome(text)).toBe(true);
    expect(await outcome(text, BOB.x)).toBe(false);
    expect(await outcome(await bare(BOB, MESSAGE))).toBe(false);
    expect(await outcome(text, ADA.x, `${MESSAGE}\n`)).toBe(false);
    expect(await outcome(await bare(ADA, "k4m7q2"))).toBe(false); // the challenge alone
  });

  test("with S raised by the order of the group is another signature, and refused", async () => {
    expect(await outcome(raised(await bare(ADA, MESSAGE)))).toBe(false);
  });

  test("is one no more with any bit of it turned", async () => {
    const bytes = fromBase64url(await bare(ADA, MESSAGE))!;
    for (let bit = 0; bit < 512; bit++) {
      const turned = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
      expect(await outcome(base64url(turned))).toBe(false);
    }
  });

  test("that is cut, longer or spelled otherwise is malformed", async () => {
    const text = await bare(ADA, MESSAGE);
    const bytes = fromBase64url(text)!;
    const others = [
      base64url(bytes.subarray(1)),
      base64url(joined(bytes, "a")),
      `${text}=`,
      `${text}==`,
      `${text}\n`,
    ];
    const spelled = [
      ` ${text}`,
      text.slice(0, -1),
      text.slice(0, -1) + (text.endsWith("B") ? "C" : "B"),
      `\0${text}`,
    ];
    const huge = ["", "A".repeat(10_000_000), text.repeat(2), "é".repeat(86), "+".repeat(86)];
    for (const other of [...others, ...spelled, ...huge]) expect(await outcome(other)).toBeNull();
  });
});

describe("an SSH signature", () => {
  test.each(["sha256", "sha512"] as const)("over %s counts for its key and its message", async (hash) => {
    const text = await sshSigned(ADA, MESSAGE, { hash });
    expect(await outcome(text)).toBe(true);
    expect(await outcome(text, BOB.x)).toBe(false);
    expect(await outcome(text, ADA.x, MESSAGE.replace("sign in", "sign out"))).toBe(false);
  });

  test("may have line ends of Windows, lines of any length, and no line end after its last", async () => {
    const text = await sshSigned(ADA, MESSAGE);
    const [begin = "", ...lines] = text.trimEnd().split("\n");
    const end = lines.pop();
    const letters = [...lines.join("")];
    expect(await outcome(text.replaceAll("\n", "\r\n"))).toBe(true);
    expect(await outcome(text.trimEnd())).toBe(true);
    expect(await outcome(`${text}\n\n`)).toBe(true);
    expect(await outcome([begin, lines.join(""), end].join("\n"))).toBe(true);
    expect(await outcome([begin, ...letters, end].join("\n"))).toBe(true);
  });

  test("may be over the message with the one line end that shells add, and with nothing else", async () => {
    for (const end of ["\n", "\r\n"]) expect(await outcome(await sshSigned(ADA, MESSAGE + end))).toBe(true);
    for (const end of ["\n\n", " ", "\r", "\0", "\n\r\n", "\u2028"]) {
      expect(await outcome(await sshSigned(ADA, MESSAGE + end))).toBe(false);
    }
    expect(await outcome(await sshSigned(ADA, `\n${MESSAGE}`))).toBe(false);
  });

  test.each(["file", "git", "Latchkey", "latchkey ", "latchkey\0", "latchkeyx", "latchke"])(
    "for the namespace %j is refused",
    async (namespace) => {
      expect(await outcome(await sshSigned(ADA, MESSAGE, { namespace }))).toBe(false);
    },
  );

  test("of another key under the name of ours is refused", async () => {
    const { signature } = parseSignature(await sshSigned(BOB, MESSAGE))!;
    expect(await outcome(await sshSigned(ADA, MESSAGE, { signature }))).toBe(false);
  });

  test("made over other data than SSH signs is refused: the message itself, or its hash under another name", async () => {
    expect(await outcome(await sshSigned(ADA, MESSAGE, { signature: await signed(ADA, MESSAGE) }))).toBe(
      false,
    );
    const { signature } = parseSignature(await sshSigned(ADA, MESSAGE, { hash: "sha256" }))!;
    expect(await outcome(await sshSigned(ADA, MESSAGE, { hash: "sha512", signature }))).toBe(
      false,
    );
    const { signature: ssh } = parseSignature(await sshSigned(ADA, MESSAGE))!;
    expect(await outcome(base64url(ssh))).toBe(false);
  });

  test("with something in its reserved part counts if that was signed with it", async () => {
    const reserved = joined("a tag of later versions");
    expect(await outcome(await sshSigned(ADA, MESSAGE, { reserved }))).toBe(true);
    expect(await outcome(await sshSigned(ADA, MESSAGE, { shown: reserved }))).toBe(false);
    expect(await outcome(await sshSigned(ADA, MESSAGE, { reserved, shown: new Uint8Array() }))).toBe(false);
  });

  test("of another version, kind of key or hash, or for no namespace, is malformed", async () => {
    const of = async (otherwise: object) => await outcome(await sshSigned(ADA, MESSAGE, otherwise));
    for (const version of [0, 2, 0x01000000, 0xffffffff]) expect(await of({ version })).toBeNull();
    expect(await of({ namespace: "" })).toBeNull();
    const rsa = strings("ssh-rsa", Uint8Array.of(1, 0, 1), new Uint8Array(256).fill(0xa5));
    const certificate = strings("ssh-ed25519-cert-v01@openssh.com", fromBase64url(ADA.x)!);
    for (const publicKey of [rsa, certificate, new Uint8Array()]) expect(await of({ publicKey })).toBeNull();
    for (const length of [0, 32, 63, 65]) expect(await of({ signature: new Uint8Array(length) })).toBeNull();
    const text = await sshSigned(ADA, MESSAGE, { hash: "sha256" });
    for (const hash of ["sha384", "SHA256", "sha25"]) expect(await outcome(withHash(text, hash))).toBeNull();
  });

  test("is malformed with a length that lies, wherever it stands", async () => {
    const blob = blobOf(await sshSigned(ADA, MESSAGE));
    for (const at of [10, 14, 29, 65, 77, 81, 91, 95, 110]) {
      for (const length of [0, 1, 2 ** 31, 2 ** 32 - 1, readLength(blob, at) + 1, readLength(blob, at) - 1]) {
        if (length === readLength(blob, at) || length < 0) continue;
        const lies = blob.slice();
        lies.set(uint32(length), at);
        expect([at, length, await outcome(armored(lies))]).toEqual([at, length, null]);
      }
    }
  });

  test("is none with bytes after it, with any of them missing, or without its armor", async () => {
    const text = await sshSigned(ADA, MESSAGE);
    const blob = blobOf(text);
    for (let length = 0; length < blob.length; length++) {
      expect(await outcome(armored(blob.subarray(0, length)))).toBeNull();
    }
    expect(await outcome(armored(joined(blob, "\0")))).toBeNull();
    const [begin = "", ...lines] = text.trimEnd().split("\n");
    const odd = [
      lines.join("\n"),
      [begin, ...lines.slice(0, -1)].join("\n"),
      text + text,
      ` ${text}`,
      `${text} `,
    ];
    const moreOdd = [
      text.replace("SSH", "PGP"),
      text.replaceAll("\n", "\r"),
      text.replaceAll("\n", " "),
      `\0${text}`,
    ];
    const spelled = [
      text.replace("\nU1NI", "\n=U1NI"),
      text.replaceAll("+", "-").replaceAll("/", "_").replace("\nU", "\n-U"),
    ];
    for (const other of [...odd, ...moreOdd, ...spelled, `${text}\0`]) {
      expect(await outcome(other)).toBeNull();
    }
  });

  test("of 10 MB is malformed, at once", async () => {
    const begin = performance.now();
    const [first = "", last] = (await sshSigned(ADA, MESSAGE)).split(/(?<=-----\n)[^-]+/);
    for (const part of ["A", "A\n", "=", "\n"]) {
      expect(await outcome(first + part.repeat(5_000_000) + last)).toBeNull();
      expect(await outcome(first + part.repeat(1_000) + last)).toBeNull();
    }
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  test("is refused or malformed with any bit of its text turned, and never an error", async () => {
    const text = await sshSigned(ADA, MESSAGE);
    const found = new Map<boolean | null, number>();
    for (let at = 0; at < text.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const turned = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        const came = await outcome(text.slice(0, at) + turned + text.slice(at + 1));
        found.set(came, (found.get(came) ?? 0) + 1);
      }
    }
    expect([...found.keys()].toSorted()).toEqual([false, null]);
  });
});

test("a key that is none verifies nothing", async () => {
  for (const key of ["", "AAAA", "A".repeat(43), "é", "!"]) {
    expect(await outcome(await bare(ADA, MESSAGE), key)).toBe(false);
    expect(await outcome(await sshSigned(ADA, MESSAGE), key)).toBe(false);
  }
});

function blobOf(text: string): Uint8Array {
  return fromBase64(text.replace(/-----.*-----|\n/g, ""))!;
}

function readLength(blob: Uint8Array, at: number): number {
  return new DataView(blob.buffer, blob.byteOffset + at).getUint32(0);
}

function withHash(text: string, hash: string): string {
  const blob = blobOf(text);
  return armored(joined(blob.subarray(0, 81), strings(hash), blob.subarray(91)));
}
