import { expect, test } from "vitest";
import { attempt, type Challenge } from "../../src/core/challenges.ts";

const NOW = 1_000_000;
const CHALLENGE: Challenge = {
  purpose: "emailOtp.code",
  subject: "ada@example.com",
  noted: { uid: null, epoch: 0 },
  codes: [{ hash: "aaaaaaaa.first", exp: NOW + 1 }, { hash: "aaaaaaaa.second", exp: NOW + 2 }],
  attemptsLeft: 3,
  resendAt: NOW,
  silent: false,
  held: {},
  exp: NOW + 2,
};
const RIGHT = { is: "right", subject: CHALLENGE.subject, noted: CHALLENGE.noted, held: {} };

/** What happens → the challenge, what differs from a right answer, what is left of the challenge, what is told. */
const TABLE: readonly (readonly [string, Challenge | null, object, object | null, object])[] = [
  ["the newer code is right and uses it up", CHALLENGE, {}, null, RIGHT],
  ["the code before it is as right", CHALLENGE, { guesses: ["aaaaaaaa.first"] }, null, RIGHT],
  [
    "the code before it is wrong from its own end on",
    CHALLENGE,
    { guesses: ["aaaaaaaa.first"], now: NOW + 1 },
    { ...CHALLENGE, attemptsLeft: 2 },
    { is: "wrong", attemptsLeft: 2 },
  ],
  ["the newer one outlives it", CHALLENGE, { now: NOW + 1 }, null, RIGHT],
  [
    "a wrong code costs one attempt and nothing else",
    CHALLENGE,
    { guesses: ["aaaaaaaa.wrong"] },
    { ...CHALLENGE, attemptsLeft: 2 },
    { is: "wrong", attemptsLeft: 2 },
  ],
  [
    "the last wrong one takes it away",
    { ...CHALLENGE, attemptsLeft: 1 },
    { guesses: ["aaaaaaaa.wrong"] },
    null,
    { is: "wrong", attemptsLeft: 0 },
  ],
  ["the last attempt may be right", { ...CHALLENGE, attemptsLeft: 1 }, {}, null, RIGHT],
  [
    "a code is right under any secret that is known",
    CHALLENGE,
    { guesses: ["bbbbbbbb.other", "aaaaaaaa.second"] },
    null,
    RIGHT,
  ],
  [
    "a code under no secret that is known is judged by nobody, and costs nothing",
    CHALLENGE,
    { guesses: ["bbbbbbbb.second"] },
    CHALLENGE,
    { is: "sealed" },
  ],
  ["another purpose finds nothing, and spends nothing", CHALLENGE, { purpose: "reset" }, CHALLENGE, {
    is: "gone",
  }],
  ["where there is none there is nothing", null, {}, null, { is: "gone" }],
];

test.each(TABLE)("%s", (_, current, answer, next, result) => {
  const right = { purpose: CHALLENGE.purpose, guesses: ["aaaaaaaa.second"], now: NOW };
  expect(attempt(current, { ...right, ...answer })).toEqual({ next, result });
});

test("nothing that is given is changed", () => {
  const frozen = Object.freeze({
    ...CHALLENGE,
    codes: Object.freeze(CHALLENGE.codes.map((code) => Object.freeze(code))),
  });
  attempt(frozen, { purpose: CHALLENGE.purpose, guesses: ["aaaaaaaa.wrong"], now: NOW });
  expect(frozen).toEqual(CHALLENGE);
});
