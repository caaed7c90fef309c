// Whether a secret stands in the bytes that a store leaves on a disk, those too that it has freed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import redis from "../../drivers/redis.ts";
import type { Via } from "../suite/client.ts";
import type { Written } from "../suite/leaks.ts";
import { hasRedis, redisServer } from "../suite/redis_server.ts";
import { own, premises } from "../suite/stores.ts";
import { SECRET, type World, world, type WorldOptions } from "../suite/world.ts";
import { caught } from "./showed.ts";

const EMAIL = "ada@example.com";
const VIAS: readonly Via[] = ["method", "http"];
const NEWER = "the-second-secret-of-these-tests-0123456789";
const PLANTED = "planted:1";
const STAYS = "eve@example.com";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder: WorldOptions = { premises: (now) => premises("sqlite", now, folder) };
const inFiles: WorldOptions = { premises: (now) => premises("fs", now, folder) };

describe.each(VIAS)("by %s", (via) => {
  test("no secret stands in the pages of an SQLite database, in its log or in its index", async () => {
    await after("sqlite", via, inFolder, async (here) => {
      const open = files();
      expect(open.map(({ by }) => by)).toEqual(["auth.db", "auth.db-shm", "auth.db-wal"]);
      checkpoint();
      expect(await here.leaks([...open, ...files()])).toEqual([]);
    });
  });

  test("no secret stands in the files of a folder", async () => {
    await after("fs", via, inFiles, async (here) => {
      expect(files().length).toBeGreaterThan(5);
      expect(await here.leaks(files())).toEqual([]);
    });
  });
});

test("what was kept in the clear once is found in pages that SQLite has freed", async () => {
  await after("sqlite", "method", inFolder, async (here) => {
    await plant(here);
    expect(await here.contents()).not.toContain(PLANTED);
    expect(await here.leaks(files())).toEqual(["a secret of the options in the store: auth.db-wal"]);
    checkpoint();
    expect(await here.leaks(files())).toEqual(["a secret of the options in the store: auth.db"]);
    caught("secrets", "a secret that was removed again is in the pages that SQLite has freed");
  });
});

test("what is kept in the clear is found in a file that nobody has removed", async () => {
  await after("fs", "method", inFiles, async (here) => {
    await here.driver().setItem(PLANTED, SECRET);
    expect(await here.leaks(files())).toEqual([
      expect.stringMatching(/^a secret of the options in the store: /),
    ]);
    caught("secrets", "a secret is in a file of the folder");
  });
});

describe.skipIf(!hasRedis)("redis", () => {
  test("no secret stands in its dump, or in the log of what it wrote; one that was removed again is in that", async () => {
    const server = await redisServer([
      ...["--appendonly", "yes", "--appendfsync", "always", "--rdbcompression", "no", "--dir", folder],
    ]);
    const client = new Redis(server.url);
    try {
      await after("redis", "http", { premises: () => own(redis({ url: server.url })) }, async (here) => {
        await client.save();
        const kept = files();
        expect(kept.map(({ by }) => by.replace(/\d+/, "1"))).toEqual(
          expect.arrayContaining(["dump.rdb", "appendonly.aof.1.incr.aof"]),
        );
        expect(kept.some(({ by, text }) => by === "dump.rdb" && text.includes(STAYS))).toBe(true);
        expect(await here.leaks(kept)).toEqual([]);
        await plant(here);
        expect(await here.leaks(files())).toEqual([
          expect.stringMatching(/^a secret of the options in the store: .*\.incr\.aof$/),
        ]);
        caught("secrets", "a secret that was removed again is in the log that Redis appends to");
      });
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});

/** Looks at what is left after somebody has done a bit of everything. */
async function after(
  store: World["store"],
  via: Via,
  options: WorldOptions,
  look: (here: World) => Promise<void>,
): Promise<void> {
  const here = world(store, via, options);
  try {
    await life(here);
    await look(here);
  } finally {
    await here.close();
  }
}

/** From sign-up to removal, and what a server does beside that. */
async function life(here: World): Promise<void> {
  const { account, challenges, emailOtp, headers, sessions } = here.person();
  const { challengeId } = await emailOtp.start({ email: EMAIL });
  await here.turn("61s");
  await challenges.resend({ challengeId });
  await emailOtp.verify({ challengeId, code: wrong(codeOf(here)) }).catch(() => {});
  await emailOtp.verify({ challengeId, code: codeOf(here) });
  headers.set("idempotency-key", "a-key-that-a-client-made-up");
  for (let times = 0; times < 2; times++) await account.update({ name: "Ada" });
  headers.delete("idempotency-key");

  const program = here.person();
  const next = await program.emailOtp.start({ email: EMAIL });
  const { refreshToken = "" } = await program.emailOtp.verify({
    ...{ challengeId: next.challengeId, code: codeOf(here), session: "bearer" },
  });
  await program.sessions.refresh({ refreshToken, attempt: "an-attempt-that-a-client-made-up" });
  const rotated = here.another({ secret: [NEWER, SECRET] });
  await rotated.signingKeys.rotate({ revoke: true });
  await here.at(rotated).emailOtp.start({ email: "bob@example.com" });
  await sessions.token();
  await account.remove();
  await here.turn("1d");
  await rotated.sweep();
  await here.signedIn(STAYS);
}

function codeOf(here: World): string {
  return here.mailbox.messages.at(-1)?.data["code"] ?? "";
}

function wrong(code: string): string {
  return `${(Number(code) + 1) % 10 ** 6}`.padStart(6, "0");
}

/** Keeps the secret for a moment, in a text that takes pages of its own. */
async function plant(here: World): Promise<void> {
  const driver = here.driver();
  await driver.setItem(PLANTED, `${"x".repeat(6000)} ${SECRET} ${"x".repeat(6000)}`);
  await driver.removeItem(PLANTED);
}

/** Moves all that is in the log into the database, and empties the log. */
function checkpoint(): void {
  const path = files().find(({ by }) => by === "auth.db")?.path ?? "";
  const database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** All files below the folder, letter by byte. */
function files(): readonly (Written & { readonly path: string })[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name, parentPath }) => {
      const path = join(parentPath, name);
      return { where: "store" as const, by: name, text: readFileSync(path, "latin1"), path };
    })
    .toSorted((a, b) => a.by < b.by ? -1 : 1);
}
