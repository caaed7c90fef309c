// Disks that refuse: full, not to be written, held by another process. Whoever asks is told so, nobody is let in who should not be,
// nothing is half done, and when the disk works again so does everything, without a restart.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Driver } from "../../src/store/driver.ts";
import { child, cleanUp } from "../suite/children.ts";
import type { FullAuth, Via } from "../suite/client.ts";
import { CREDENTIAL_STEPS } from "../suite/failing_credentials.ts";
import { type Ready, storeOf } from "../suite/failing_people.ts";
import { listed, sound, STEPS } from "../suite/failing_steps.ts";
import { refusal } from "../suite/faults.ts";
import { RUNTIME } from "../suite/flow.ts";
import { removeAll } from "../suite/folders.ts";
import { signIn } from "../suite/steps.ts";
import { smallDisk } from "../suite/small_disk.ts";
import { pathOf, premises } from "../suite/stores.ts";
import { openAt, type Opening, type StoreOnDisk, STORES } from "../suite/stores_on_disk.ts";
import { type World, world } from "../suite/world.ts";
import { asNobody, letRead } from "./nobody.ts";
import { caught, inTurn, showed } from "./showed.ts";

/** How a store is asked: one way in each run, and the other store the other way. */
const viasOn = (store: StoreOnDisk) => inTurn(["method", "http"] as const, 2, STORES.indexOf(store));
const ANSWERS = Object.keys(CREDENTIAL_STEPS); // a question is used up, and so removed, before anything is written
const READS: readonly string[] = ["check", "token", "list"]; // these are answered, whatever becomes of writes

const small = smallDisk("24m"); // SQLite's log alone grows to 4 MB
const disk = small ?? { path: "", fill() {}, empty() {} };

afterEach(async () => {
  disk.empty();
  await cleanUp();
});
afterAll(() => {
  small?.unmount();
  removeAll();
});

describe.skipIf(small === null)("a full disk (needs root, to mount a small one)", () => {
  describe.each(STORES)("%s", (store) => {
    test.each(viasOn(store))(
      "refuses what must write, by %s, and works again when there is room",
      (via) =>
        within(store, via, disk.path, async ({ here, path }) => {
          const [frees, mayFree] = store === "fs" ? [["remove"], ANSWERS] : []; // files go, and none is written
          await refusedAndBack(here, storeOf(here), { spoil: disk.fill, mend: disk.empty, frees, mayFree });
          if (store === "fs") expect(readdirSync(join(path, ".tmp")), "what was put aside").toEqual([]);
          showed("disk", { "steps on a full disk": Object.keys(STEPS).length });
        }),
      120_000,
    );

    test("is no place for a new store, and is one when there is room", () =>
      within(store, "method", disk.path, async ({ here, path, open }) => {
        disk.fill();
        const fresh = () => here.another({ storage: open(`${path}-new`) });
        expect((await refusal(Promise.try(() => fresh().ready()))).code).toBe("storage_unavailable");
        disk.empty();
        await fresh().ready();
      }));
  });

  test("a driver that swallows what the disk says is seen", async () => {
    for (const store of STORES) {
      const played = within(
        store,
        "method",
        disk.path,
        ({ here }) => refusedAndBack(here, swallowing(storeOf(here)), { spoil: disk.fill, mend: disk.empty }),
      );
      await expect(played).rejects.toThrow(/what must write/);
    }
    caught("disk", "a driver that swallows what the disk says");
  });
});

describe.skipIf(RUNTIME !== "node" || process.getuid?.() !== 0)(
  "what may only be read (needs root, to be somebody else)",
  () => {
    test(
      "fs: refuses what must write, and works again",
      () =>
        within("fs", "method", undefined, async ({ here, path }) => {
          const stop: { to?: () => void } = {};
          await refusedAndBack(here, storeOf(here), {
            spoil() {
              letRead(path);
              stop.to = asNobody();
            },
            mend: () => stop.to?.(),
          });
          showed("disk", { "steps on a disk that may only be read": Object.keys(STEPS).length });
        }),
      120_000,
    );

    test.each(STORES)(
      "%s: a server that starts on it is refused, and says why",
      (store) =>
        within(store, "method", undefined, async ({ here, path, open }) => {
          await here.signedIn("ada@example.com");
          letRead(path);
          const back = asNobody();
          try {
            const opened = async () => await here.another({ storage: open(path) }).ready();
            expect((await refusal(opened())).code).toBe("storage_unavailable");
          } finally {
            back();
          }
        }),
    );
  },
);

describe.each(STORES)("a lock that another process holds: %s", (store) => {
  test(
    "whoever must write is refused at the deadline or waits for it; checks go on",
    () =>
      within(store, "method", undefined, async ({ here, path, open }) => {
        const other = child();
        const patient = here.another({ storage: open(path) });
        await patient.ready();
        await refusedAndBack(here, open(path, { deadline: 0.1 }), {
          async spoil() {
            expect(await other.ask({ do: "hold", store, path })).toBe("held");
          },
          async mend() {
            const waits = here.at(patient).emailOtp.start({ email: "grace@example.com" });
            expect(await other.ask({ do: "release" })).toBe("released");
            expect((await waits).challengeId).toMatch(/^[a-z2-7]{26}$/);
          },
        });
        showed("disk", { "steps beside a lock": Object.keys(STEPS).length });
      }),
    120_000,
  );
});

describe.each(STORES)("a clock that is set back an hour, the store's too: %s", (store) => {
  test.each(viasOn(store))(
    "by %s: who is in stays in, who was ended stays out, every step goes on, and again when the hour has passed",
    (via) =>
      within(store, via, undefined, async ({ here }) => {
        const ended = await signIn(here, "ended@example.com");
        await here.server().sessions.endAll({ userId: ended.grant.user.id });
        for (const [name, step] of Object.entries(STEPS)) {
          const ready = await step.prepare(here, `${store}-${via}-${name}`);
          await here.turn(-HOUR);
          const { people } = ready;
          for (const { headers, id } of people) {
            expect([name, (await here.server().getSession(headers)).user?.id]).toEqual([name, id]);
          }
          expect((await here.server().getSession(ended.client.headers)).user).toBe(null);
          await step.act(ready, here.server());
          await listed(here, ready);
          await here.turn(HOUR);
          await step.again(ready, here);
          await listed(here, ready);
        }
        await here.turn(2 * HOUR);
        await here.server().sweep();
        await sound(here);
        showed("disk", { "steps by a clock set back": Object.keys(STEPS).length });
      }),
    120_000,
  );
});

const HOUR = 3600; // seconds

/** What happens to a disk, and what is done about it. */
interface Trouble {
  readonly spoil: () => unknown;
  readonly mend: () => unknown;
  /** Steps that are done all the same. */
  readonly frees?: readonly string[] | undefined;
  /** Steps that are done where what they remove first leaves room enough. */
  readonly mayFree?: readonly string[] | undefined;
}

/** Every step while the disk refuses to be written, and again when it does not. */
async function refusedAndBack(
  here: World,
  driver: Driver,
  { spoil, mend, frees = [], mayFree = [] }: Trouble,
): Promise<void> {
  const ready = new Map<string, Ready>();
  const auth: FullAuth = here.another({ storage: driver });
  await auth.ready();
  await here.server().ready();
  for (const [name, step] of Object.entries(STEPS)) {
    ready.set(name, await step.prepare(here, `${here.store}-${name}`));
  }
  await spoil();
  try {
    for (const [name, step] of Object.entries(STEPS)) {
      const outcome = await step.act(ready.get(name)!, auth).then(
        () => "done",
        (error) => error.code ?? error,
      );
      const right = READS.includes(name) || frees.includes(name) ? "done" : "storage_unavailable";
      if (outcome === "done" && mayFree.includes(name)) continue;
      expect([name, outcome], "what must write is refused, what only reads is not").toEqual([name, right]);
    }
    for (const [name, { people }] of ready) {
      for (const { headers, id } of people) {
        const right = frees.includes(name) ? undefined : id;
        expect((await auth.getSession(headers)).user?.id, "who is in").toBe(right);
      }
    }
  } finally {
    await mend();
  }
  for (const one of ready.values()) await listed(here, one);
  await here.turn("61s"); // what was left half way is not waited for
  for (const [name, step] of Object.entries(STEPS)) await step.again(ready.get(name)!, here);
  const { grant } = await signIn(here, `new-${here.via}@example.com`, "cookie", here.at(auth));
  expect(grant.user.emailVerified).toBe(true);
  await sound(here);
}

/** A driver that answers that it wrote, whatever the disk says. */
function swallowing(driver: Driver): Driver {
  return {
    ...driver,
    async swap(...args) {
      try {
        return await driver.swap(...args);
      } catch {
        return true;
      }
    },
  };
}

interface Scene {
  readonly here: World;
  /** Where its store is. */
  readonly path: string;
  /** A store in a place, closed when the scene is over: the disk keeps a removed file while somebody has it open. */
  readonly open: (path: string, options?: Opening) => Driver;
}

/** A world whose store is in a folder. */
async function within(
  store: StoreOnDisk,
  via: Via,
  folder: string | undefined,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  let path = "";
  const opened: Driver[] = [];
  const open = (at: string, options?: Opening) => {
    const driver = openAt(store, at, { now: here.now, ...options });
    opened.push(driver);
    return driver;
  };
  const here = world(store, via, {
    premises(now) {
      const made = premises(store, now, folder);
      path = pathOf(made.place);
      return made;
    },
  });
  try {
    await play({ here, path, open });
  } finally {
    disk.empty();
    for (const driver of opened) await driver.dispose();
    await here.close();
  }
}
