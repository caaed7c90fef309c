// What people were answered by processes that are dead by now: what must be so, what cannot be, and what nobody knows.
import type { Got } from "../races/child.ts";
import type { Deed, Word } from "./child_life.ts";

/** A session that somebody was given. `unsure`: it was being ended when the process died. */
export interface Held extends Got {
  readonly is: "in" | "out" | "unsure";
  /** What a refresh said that was under way. */
  readonly attempt?: string | undefined;
}

/** A code, and whether its right answer was told: else nobody knows. */
export interface Code {
  readonly challengeId: string;
  readonly code: string;
  readonly isSpent: boolean;
}

/** What one process did with one address. */
export interface Person {
  readonly email: string;
  /** Whether nobody else used the address. */
  readonly alone: boolean;
  /** Whose account it was last; null: it was removed, or never told; undefined: it was being removed. */
  uid: string | null | undefined;
  readonly removed: Set<string>;
  readonly sessions: Map<string, Held>;
  readonly codes: Code[];
  asking: Deed | null;
}

/** What one process said. */
export interface Book {
  readonly keys: readonly string[] | null;
  readonly people: readonly Person[];
  readonly answers: number;
  /** What people were refused who had the address for themselves: they had a right to all that they asked. What is `storage_unavailable`
   * may have happened: nobody knows. */
  readonly refused: readonly string[];
}

/** How a store refuses that others keep busy for too long. */
export const UNAVAILABLE = "storage_unavailable";

/** Reads what a process said until it died. */
export function bookOf(words: readonly Word[], shared: string): Book {
  const people = new Map<string, Person>();
  const refused: string[] = [];
  let keys: readonly string[] | null = null;
  for (const word of words) {
    if ("keys" in word) {
      keys = word.keys;
      continue;
    }
    const person = people.get(word.of) ?? newcomer(word.of, word.of !== shared);
    people.set(word.of, person);
    if ("asks" in word) begun(person, word.asks);
    else if ("told" in word) done(person, word.told, word.got);
    else {
      if (person.alone || word.refused === UNAVAILABLE) refused.push(word.refused);
      if (word.refused === UNAVAILABLE) interrupted(person);
    }
    if (!("asks" in word)) person.asking = null;
  }
  for (const person of people.values()) interrupted(person);
  const answers = words.filter((word) => "told" in word).length;
  return { keys, people: [...people.values()], answers, refused };
}

function newcomer(email: string, alone: boolean): Person {
  return { email, alone, uid: null, removed: new Set(), sessions: new Map(), codes: [], asking: null };
}

function begun(person: Person, deed: Deed): void {
  person.asking = deed;
  if (deed.does === "verify") person.codes.push({ ...deed, isSpent: false });
}

function done(person: Person, deed: Deed, got: Got | null): void {
  if (got !== null) person.sessions.set(got.session, { ...got, is: "in" });
  if (deed.does === "verify") {
    person.codes.push({ ...deed, isSpent: true });
    person.uid = got?.user;
  }
  if (deed.does === "end") become(person, "out", (held) => held.session === deed.session);
  if (deed.does === "endAll" || deed.does === "remove") {
    become(person, "out", (held) => held.user === deed.user);
  }
  if (deed.does !== "remove") return;
  person.removed.add(deed.user);
  person.uid = null;
}

/** What was asked and not answered may have happened. */
function interrupted(person: Person): void {
  const { asking: deed } = person;
  if (deed?.does === "end") become(person, "unsure", (held) => held.session === deed.session);
  if (deed?.does === "endAll" || deed?.does === "remove") {
    become(person, "unsure", (held) => held.user === deed.user);
  }
  if (deed?.does === "remove") person.uid = undefined;
  if (deed?.does !== "refresh") return;
  const held = person.sessions.get(deed.session);
  if (held !== undefined) person.sessions.set(deed.session, { ...held, attempt: deed.attempt });
}

/** What becomes of some sessions. What has ended stays so. */
function become(person: Person, is: Held["is"], whose: (held: Held) => boolean): void {
  for (const [id, held] of person.sessions) {
    if (held.is !== "out" && whose(held)) person.sessions.set(id, { ...held, is });
  }
}
