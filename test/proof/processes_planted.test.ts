// Whether the judge sees a bug: each of these breaks a rule, and the log shows it within the time that every run of the tests takes.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Change, planted, replaced } from "../suite/planted.ts";
import { crew } from "./hammer_crew.ts";
import { hammeredHere } from "./hammered.ts";
import { offences, RULES } from "./judge.ts";
import { contradictions } from "./linearizable.ts";
import type { Request } from "./requests.ts";
import { caught, inTurn, SEED } from "./showed.ts";

const SECONDS = 40; // at most: it is over as soon as it is seen, on a quiet machine in one or two
const PATIENCE = 120_000; // ms

const CHALLENGES = "src/core/challenges.ts";
const SESSIONS = "src/core/sessions.ts";
const GATE = "src/core/gate.ts";
const PROVEN = "src/core/proven.ts";
const ACCOUNTS = "src/core/accounts.ts";
const CLAIMS = "src/core/claims.ts";
const RECORD = "src/core/session_record.ts";

/** What is changed, and which rule that breaks. */
interface Bug {
  readonly rule: string;
  readonly changes: readonly Change[];
}

/** Records of sessions that have ended stay. */
const LEFT: Change = { file: SESSIONS, from: "await drop(uid, ended);", to: "" };

const BUGS: Readonly<Record<string, Bug>> = {
  "a check reads the record alone": {
    rule: "an ended session lets nobody in",
    changes: [LEFT, {
      file: SESSIONS,
      from: "account !== null && record !== null && isListed(account, sid, platform.now())",
      to: "account !== null && record !== null",
    }],
  },
  "a refresh does not ask whether its session is listed": {
    rule: "an ended session lets nobody in",
    changes: [LEFT, {
      file: SESSIONS,
      from: "if (account === null || !isListed(account, sid, platform.now())) {",
      to: "if (account === null) {",
    }],
  },
  "a sign-in ends others": {
    rule: "a live session is never refused",
    changes: [{
      file: GATE,
      from: "const kept = withRoom(live, room, entry);",
      to: "const kept = live.slice(-1);",
    }],
  },
  "a list ends early": {
    rule: "a list names every session that lives",
    changes: [{
      file: SESSIONS,
      from: "const live = account.sessions.filter(({ exp }) => exp > now);",
      to: "const live = account.sessions.slice(0, 1);",
    }],
  },
  "a cookie is good for the only session of its account": {
    rule: "a token is good until the keys are revoked",
    changes: [{
      file: SESSIONS,
      from: "if (hash === null || !equal(hash, sha256Text(parsed.secret)))",
      to:
        "if (hash === null || !equal(hash, sha256Text(parsed.secret)) || found.account.sessions.length > 1)",
    }],
  },
  "a token that was just traded in counts as stolen": {
    rule: "a token is shown twice only where it was traded in long ago",
    changes: [{ file: RECORD, from: "result: young || retried ?", to: "result: retried ?" }],
  },
  "every token of a family gets the newest": {
    rule: "what was traded in long ago gets nothing",
    changes: [{ file: RECORD, from: "result: young || retried ?", to: "result: from < family.generation ?" }],
  },
  "a refresh answers with the token that it was shown": {
    rule: "the tokens of a session are one line",
    changes: [{
      file: RECORD,
      from: 'return { next, result: { is: "current", record: next } };',
      to: 'return { next, result: { is: "current", record: current } };',
    }],
  },
  "the listing swap does not compare the epoch": {
    rule: "a proof from before a revocation lets nobody in",
    changes: [{
      file: PROVEN,
      from: "if (!unproven && !unmoved(noted, owner)) return MOVED;",
      to: "",
    }],
  },
  "a removal removes nothing": {
    rule: "a removed account lets nobody in",
    changes: [
      {
        file: ACCOUNTS,
        from: "may(now) ? { next: null, result: now }",
        to: "may(now) ? { next: now, result: now }",
      },
      { file: CLAIMS, from: "const ours = now?.uid === uid;", to: "const ours = now?.uid === hash;" },
    ],
  },
  "a sign-up does not ask whom the proof meant": {
    rule: "a proof of one account is none of the next",
    changes: [{
      file: GATE,
      from: 'if (noted.uid !== null) throw new AuthError("challenge_invalid");',
      to: "",
    }],
  },
  "a challenge stays when it is answered": {
    rule: "a challenge is answered once",
    changes: [{
      file: CHALLENGES,
      from: 'return { next: null, result: { is: "right"',
      to: 'return { next: current, result: { is: "right"',
    }],
  },
  "a guess is told before it is counted": {
    rule: "of all guesses at a challenge, five are judged",
    changes: [{
      file: CHALLENGES,
      from: "return change(id, (current) => attempt(current, { ...answer, now }), seen);",
      to: `return Promise.resolve(records.get(id)).then(async (seen) => {
        const { result } = attempt(mailed(seen), { ...answer, now });
        await change(id, (current) => attempt(current, { ...answer, now }));
        return result;
      });`,
    }],
  },
  "a resend drops the code before it": {
    rule: "a right answer is refused for a reason",
    changes: [{
      file: CHALLENGES,
      from: "const codes = leaves ? [...newest, code] : [code, ...newest];",
      to: "const codes = [code].slice(leaves ? 0 : newest.length);",
    }],
  },
  "a claim is taken over from the account that has the address": {
    rule: "an address is of one account at a time",
    changes: [{
      file: CLAIMS,
      from: "if (owner !== null && lists(owner, value)) return { uid: claim.uid, account: owner };",
      to: "",
    }],
  },
  "whoever was too slow gives up": {
    rule: "nothing else fails",
    changes: [{
      file: "src/store/collection.ts",
      from: 'if (platform.now() >= until) throw unavailable("too many writers of one record");',
      to: 'throw unavailable("too many writers of one record");',
    }],
  },
};

/** Each plants a copy of the library. */
const TURN = inTurn(Object.entries(BUGS), 16);

for (const [name, { rule, changes }] of TURN) {
  test(`it is seen that ${name}`, async () => {
    const make = await planted(changes);
    const breaks = (log: readonly Request[]) => offences(log).some((one) => one.rule === rule);
    const { log } = await hammeredHere({ make }, { seed: SEED, seconds: SECONDS }, breaks);
    expect(breaks(log), `${rule}; LATCHKEY_SEED=${SEED}`).toBe(true);
    caught("processes", name);
  }, PATIENCE);
}

test("four processes show a bug as well: a swap writes without comparing", async () => {
  const four = crew([{
    file: "src/store/collection.ts",
    from: "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));",
    to:
      "await (next === null ? store.driver.removeItem(key) : store.driver.setItem(key, next)); return true;",
  }]);
  try {
    let [isSeen, left] = [false, 10];
    while (!isSeen && left-- > 0) {
      const { log } = await four.hammered("sqlite", { seed: SEED + left, seconds: 2 });
      isSeen = offences(log).length > 0;
    }
    expect(isSeen, `LATCHKEY_SEED=${SEED}`).toBe(true);
    caught("processes", "a swap writes without comparing");
  } finally {
    four.dismiss();
  }
}, PATIENCE);

test("the copy without a bug breaks no rule", async () => {
  const { log, history, wrong } = await hammeredHere({ make: await planted([]) }, { seed: SEED, seconds: 1 });
  expect({ offences: offences(log), contradictions: contradictions(history), wrong }, `LATCHKEY_SEED=${SEED}`)
    .toEqual({ offences: [], contradictions: [], wrong: [] });
});

test("every rule has a bug that breaks it, and every bug has its place in the source", () => {
  expect(new Set(Object.values(BUGS).map(({ rule }) => rule))).toEqual(new Set(Object.keys(RULES)));
  for (const change of Object.values(BUGS).flatMap(({ changes }) => changes)) {
    const text = readFileSync(new URL(`../../${change.file}`, import.meta.url), "utf8");
    expect(replaced(text, change)).not.toBe(text);
  }
});
