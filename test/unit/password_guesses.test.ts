// Judging a guess at a password: the same work, whatever is kept.
import { expect, test } from "vitest";
import type { Work } from "../../src/crypto/passwords/work.ts";
import { passwords } from "../../src/crypto/passwords/passwords.ts";
import { type Ground, guessed } from "../../src/features/password/ground.ts";
import { machine } from "../../src/platform.ts";
import { chance } from "../../src/testing/chance.ts";

const recipe = { is: "argon2id", memory: 7168, passes: 5, parallelism: 1 } as const;
const target = { subject: "ada@example.com", noted: { uid: null, epoch: 0 }, client: undefined };

test.each([
  ["no account", null],
  ["a hash that is not the password's", `$argon2id$v=19$m=7168,t=5,p=1$${"A".repeat(22)}$${"A".repeat(43)}`],
  ["a hash of functions that are not configured any more", "own:correct horse"],
  ["a hash that would take too long", `$argon2id$v=19$m=999999,t=5,p=1$${"A".repeat(22)}$${"A".repeat(43)}`],
])("a guess costs one hash of today's: %s", async (_, hash) => {
  const works: Work[] = [];
  const engine = passwords({ recipe, concurrency: 1, queue: 1 }, {
    ...machine,
    random: chance(1),
    derive: (work) => {
      works.push(work);
      return Promise.resolve(new Uint8Array(work.length).fill(1));
    },
  });
  const paid = { id: "", tally: { tat: 0, wrong: 1, exp: 0 }, isJudged: true };
  const guesses = { pay: () => Promise.resolve(paid) };
  const ground = { core: { guesses }, engine } as unknown as Ground; // all that is asked of it here
  const { fits } = await guessed(ground, target, { password: "correct horse", hash });
  expect([fits, works.map((work) => work.recipe)]).toEqual([false, [recipe]]);
});
