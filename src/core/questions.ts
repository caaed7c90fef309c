import { newId } from "../crypto/token.ts";
import { collection, type Store } from "../store/collection.ts";
import { type Pending, STEP_SHAPE } from "./challenges.ts";

/** A step that a signature answers. There is nothing to guess, so its first answer uses it up, right or wrong. */
export interface Question extends Pending {
  /** What is to be signed. */
  readonly asked: string;
  /** What to call what the answer adds, where nobody says. */
  readonly name?: string | undefined;
}

/** A question that was put. */
export interface Asked {
  readonly challengeId: string;
  /** What is to be signed. */
  readonly asked: string;
}

/** Questions that signatures answer. */
export interface Questions {
  /** Keeps a new question; what is asked may name its id. */
  readonly ask: (about: Omit<Question, "asked">, asked: (id: string) => string) => Promise<Asked>;
  /** The question of that purpose, or null. */
  readonly get: (id: string, purpose: string) => Promise<Question | null>;
  /** Uses a question up. Of all who answer it at once one is told true. */
  readonly spend: (id: string, seen: Question) => Promise<boolean>;
}

/** The questions of a store. They are kept, and swept away, with all other pending steps. */
export function questions(store: Store): Questions {
  const records = collection<Pending>(store, "challenges", STEP_SHAPE);
  return {
    async ask(about, asking) {
      const challengeId = newId(store.platform.random);
      const asked = asking(challengeId);
      const question = { ...about, asked };
      await records.change(challengeId, (now) => ({ next: now ?? question, result: undefined }), null);
      return { challengeId, asked };
    },
    async get(id, purpose) {
      const step = await records.get(id);
      return step !== null && step.purpose === purpose && "asked" in step ? step as Question : null; // as its shape says
    },
    spend: (id, seen) => records.change(id, (current) => ({ next: null, result: current !== null }), seen),
  };
}
