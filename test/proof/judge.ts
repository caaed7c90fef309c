// What no log of requests may show, whoever asked what and when. A request takes effect at a moment between its asking and its
// answering, and nobody knows at which: only what is wrong at every such moment is told.
import { LEEWAY } from "./hammer.ts";
import { isGrant, isToldOver, type Life, type Log, mayEnd, type Owner, readLog } from "./request_log.ts";
import type { Request, Requested } from "./requests.ts";

/** What is wrong, and the requests that show it. */
export interface Offence {
  readonly rule: string;
  readonly shown: readonly Request[];
}

/** Finds what breaks a rule. */
type Rule = (log: Log) => readonly (readonly Request[])[];

const MOST = 50; // sessions of an account; one more ends the oldest
const GUESSES = 5;
const ROTATIONS = 8; // that a family remembers
const TICK = 10; // ms: servers read their clock by the millisecond, and not at the moment of the swap

/** Every rule, by what it says. */
export const RULES: Readonly<Record<string, Rule>> = {
  "an ended session lets nobody in": ({ lives }) =>
    lives.flatMap((life) =>
      life.requests.filter((one) => one.asked > life.over && isUse(one, life)).map((
        one,
      ) => [...deathOf(life), one])
    ),
  "a live session is never refused": ({ lives }) =>
    lives.flatMap((life) =>
      life.requests.filter((one) => isToldOver(one) && !mayBeOver(life, one.answered))
        .map((one) => [life.granted, one])
    ),
  "a list names every session that lives": ({ lives }) =>
    lives.flatMap((life) =>
      life.requests.filter((one) =>
        one.did === "list" && one.asked > life.granted.answered &&
        one.sessions?.includes(life.session) === false && !mayBeOver(life, one.answered)
      ).map((one) => [life.granted, one])
    ),
  "a token is good until the keys are revoked": ({ requests, lives }) => {
    const revoked = Math.min(
      ...requests.filter((one) => one.did === "rotate" && one.revoke).map(({ asked }) => asked),
    );
    return lives.flatMap(({ requests, granted }) =>
      requests.filter((one) => one.code === "token_invalid" && !(byBearer(one) && one.answered > revoked))
        .map((one) => [granted, one])
    );
  },
  "a token is shown twice only where it was traded in long ago": ({ lives }) =>
    lives.flatMap(({ requests }) => {
      const refreshes = requests.filter(isRefresh);
      return refreshes.filter((one) => one.code === "refresh_reused" && !isOld(one, refreshes)).map((
        one,
      ) => [one]);
    }),
  "what was traded in long ago gets nothing": ({ lives }) =>
    lives.flatMap(({ requests }) => {
      const traded = new Map<number, Requested<"refresh">>(); // the first to be answered, by generation
      const refreshes = requests.filter(isRefresh).filter(({ got }) => got !== null);
      for (const one of refreshes) {
        const other = traded.get(one.shown);
        if (other === undefined || one.answered < other.answered) traded.set(one.shown, one);
      }
      return refreshes.flatMap((one) => {
        const first = traded.get(one.shown);
        return first !== undefined && first.answered + LEEWAY + TICK < one.asked ? [[first, one]] : [];
      });
    }),
  "the tokens of a session are one line": ({ lives }) => lives.flatMap(forksIn),
  "a proof from before a revocation lets nobody in": ({ lives }) =>
    lives.flatMap(({ granted, started, requests }) =>
      requests.filter((one) =>
        one.did === "endAll" && one.code === null && one.answered < granted.asked &&
        started !== undefined && started.answered < one.asked
      ).map((one) => [...(started ? [started] : []), one, granted])
    ),
  "a removed account lets nobody in": ({ lives }) =>
    lives.flatMap(({ granted, requests }) =>
      requests.filter((one) => one.did === "remove" && one.code === null && one.answered < granted.asked)
        .map((one) => [one, granted])
    ),
  "a proof of one account is none of the next": ({ lives, addresses, users }) =>
    lives.flatMap(({ user, granted, started }) =>
      started === undefined ? [] : (addresses.get(granted.email) ?? []).flatMap((owner) => {
        const before = owner.seen.some(({ answered }) => answered < started.asked);
        const removed = (users.get(owner.user) ?? []).find(({ did }) => did === "remove");
        const isMeant = before && (removed?.asked ?? Infinity) > started.answered;
        return isMeant && owner.user !== user ? [[started, ...(removed ? [removed] : []), granted]] : [];
      })
    ),
  "a challenge is answered once": ({ challenges }) =>
    [...challenges.values()].map((about) => about.filter(isGrant)).filter((grants) => grants.length > 1),
  "of all guesses at a challenge, five are judged": ({ challenges }) =>
    [...challenges.values()].map((about) => about.filter(({ code }) => code === "code_invalid")).filter((
      wrong,
    ) =>
      wrong.length > GUESSES ||
      new Set(wrong.map((one) => one.did === "verify" && one.left)).size < wrong.length
    ),
  "a right answer is refused for a reason": ({ challenges, addresses, users }) =>
    [...challenges.values()].flatMap((about) =>
      about.filter(isVerify).filter((one) => one.mailed !== null && one.code !== null).filter(
        (one) => {
          const owners = (addresses.get(one.email) ?? []).flatMap(({ user }) => users.get(user) ?? []);
          return !mayBeSpent(one, about, owners);
        },
      ).map((one) => [one])
    ),
  "an address is of one account at a time": ({ addresses, users }) =>
    [...addresses.values()].flatMap((owners) => crossings(owners, users)),
  "nothing else fails": ({ requests }) =>
    requests.filter(({ did, code }) => code !== null && !FAILURES[did]?.includes(code)).map((one) => [one]),
};

/** How requests may fail. */
const FAILURES: Readonly<Partial<Record<Request["did"], readonly string[]>>> = {
  resend: ["challenge_invalid"],
  verify: ["challenge_invalid", "code_invalid"],
  check: ["session_ended", "token_invalid"],
  refresh: ["session_ended", "refresh_reused"],
  end: ["not_found"],
  update: ["session_ended"],
};

/** What a log shows that it may not. */
export function offences(noted: readonly Request[]): readonly Offence[] {
  const log = readLog(noted);
  return Object.entries(RULES).flatMap(([rule, find]) => find(log).map((shown) => ({ rule, shown })));
}

/** Whether a request says that a session lives. */
function isUse(one: Request, { session }: Life): boolean {
  if (one.code !== null) return false;
  if (one.did === "list") return one.sessions?.includes(session) === true;
  return one.did === "check" || one.did === "refresh" || one.did === "update";
}

/** What shows that a session is over. */
function deathOf({ started, granted, requests, over }: Life): readonly Request[] {
  return [...(started ? [started] : []), granted, ...requests.filter(({ answered }) => answered === over)];
}

/** Whether something can have ended a session before a moment: one who meant to, or a grant that was one too many. */
function mayBeOver(life: Life, moment: number): boolean {
  const before = life.requests.filter(({ asked }) => asked < moment);
  const later = before.filter((one) => isGrant(one) && one.answered > life.granted.asked);
  return before.some((one) => mayEnd(one, life)) || later.length > MOST;
}

function byBearer(one: Request): boolean {
  return one.did === "check" && one.by === "bearer";
}

function isRefresh(one: Request): one is Requested<"refresh"> {
  return one.did === "refresh";
}

function isVerify(one: Request): one is Requested<"verify"> {
  return one.did === "verify";
}

/** Whether a token can have been traded in longer ago than is overlooked, or more often than is remembered. */
function isOld(one: Requested<"refresh">, refreshes: readonly Requested<"refresh">[]): boolean {
  return refreshes.some((other) =>
    other !== one &&
    (other.shown === one.shown
      ? other.asked + LEEWAY < one.answered + TICK
      : other.asked < one.answered && other.shown >= one.shown + ROTATIONS)
  );
}

/** Refreshes of a session that went back, or aside. */
function forksIn({ requests }: Life): readonly (readonly Request[])[] {
  const refreshes = requests.filter(isRefresh).filter(({ got }) => got !== null);
  const back = refreshes.filter(({ shown, got }) => Number(got) <= shown).map((one) => [one]);
  const aside = [...Map.groupBy(refreshes, ({ got }) => got).values()].filter((same) =>
    new Set(same.map(({ token }) => token)).size > 1
  );
  const behind = refreshes.flatMap((one) => {
    const later = refreshes.find(({ asked, got }) => asked > one.answered && Number(got) < Number(one.got));
    return later === undefined ? [] : [[one, later]];
  });
  const ahead = refreshes.filter(({ got }) => Number(got) > requests.filter(isRefresh).length).map((
    one,
  ) => [one]);
  return [...back, ...aside, ...behind, ...ahead];
}

/** Whether a right answer can have come too late: the challenge was answered, guessed away, mailed anew twice, or all of its account
 * was ended since it began. */
function mayBeSpent(
  one: Requested<"verify">,
  about: readonly Request[],
  owners: readonly Request[],
): boolean {
  const before = about.filter((other) => other !== one && other.asked < one.answered);
  const mails = before.filter(({ did, answered }) => did === "resend" && answered > Number(one.mailed));
  const start = about.find(({ did }) => did === "start");
  const isFirst = Number(one.mailed) < Number(start?.answered); // no resend brought it
  if (one.code === "code_invalid") return mails.length > (isFirst ? 1 : 2); // two codes are right, and one of these may have brought it
  const answers = before.filter(isVerify);
  const isAnswered = answers.some(({ mailed }) => mailed !== null);
  const isEnded = owners.some(({ did, asked, answered }) =>
    (did === "endAll" || did === "remove") && asked < one.answered && answered > Number(start?.asked)
  );
  return isAnswered || answers.length >= GUESSES || isEnded;
}

/** Accounts that had an address in turns, or one after the other though the first was not removed. */
function crossings(owners: readonly Owner[], users: Log["users"]): readonly (readonly Request[])[] {
  const spans = owners.filter(({ seen }) => seen.length > 0).map(({ user, seen }) => ({
    all: users.get(user) ?? [],
    first: Math.min(...seen.map(({ answered }) => answered)),
    last: Math.max(...seen.map(({ asked }) => asked)),
    removed: users.get(user)?.find(({ did }) => did === "remove")?.asked ?? Infinity,
  }));
  type Span = typeof spans[number];
  const isBefore = (one: Span, next: Span) => one.last <= next.first && one.removed < next.first;
  return spans.flatMap((one, i) =>
    spans.slice(i + 1).filter((other) => !isBefore(one, other) && !isBefore(other, one)).map((other) =>
      [one, other].flatMap(({ all }) =>
        all.filter(({ did }) => did === "remove" || did === "verify").slice(0, 3)
      )
    )
  );
}
