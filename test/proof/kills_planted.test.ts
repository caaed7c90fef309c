// Bugs that only a death shows, each in a driver or in the library, and whether the look at what is left sees them. Here processes
// kill themselves, right after the answer that was no truth yet.
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../suite/children.ts";
import { type Plan, playOut, SOUND, startOnce } from "./lives.ts";
import { caught, inTurn, SEED } from "./showed.ts";

type Bug = Pick<Plan, "changes" | "driver" | "diesAfter">;

const OPENS = "records.change(`${uid}:${sid}`, (now) => ({ next: now ?? record, result: undefined }), null)";
const ROTATES = "records.change(`${uid}:${sid}`, (current) => rotate(current, presented), record)";

const BUGS: Readonly<Record<string, readonly [bug: Bug, saying: RegExp]>> = {
  "a driver that answers before it wrote": [
    { changes: [], driver: "early", diesAfter: "verify" },
    /who signed in|was ended|was used|whose|signing keys/,
  ],
  "a session that is told before its record is written": [
    {
      changes: [{ file: "src/core/sessions.ts", from: `await ${OPENS};`, to: `void ${later(OPENS)};` }],
      driver: "sound",
      diesAfter: "verify",
    },
    /who signed in|refusals/,
  ],
  "a refresh token that is told before its family has moved": [
    {
      changes: [{
        file: "src/core/refresh_tokens.ts",
        from: `const rotated = await ${ROTATES};`,
        to: `const rotated = rotate(record, presented).result; void ${later(ROTATES)};`,
      }],
      driver: "sound",
      diesAfter: "refresh",
    },
    /refreshed|refusals/,
  ],
};

const KILLS = 2;

afterEach(cleanUp);

test.each(inTurn(Object.entries(BUGS), 3))("%s is seen", async (name, [bug, saying]) => {
  await startOnce("sqlite");
  const played = playOut({ ...bug, store: "sqlite", kills: KILLS, seed: SEED });
  await expect(played, `seed ${SEED}`).rejects.toThrow(saying);
  caught("kills", name);
}, 180_000);

test("nothing is seen where nothing is wrong", async () => {
  await startOnce("sqlite");
  await playOut({ ...SOUND, diesAfter: "refresh", store: "sqlite", kills: KILLS, seed: SEED });
}, 180_000);

/** Later than a process lives, however busy the machine. */
function later(call: string): string {
  return `platform.sleep(60_000).then(() => ${call})`;
}
