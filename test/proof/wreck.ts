// What is left of a crash: the store as it was after some of a flow's writes, and what people had by then.
import { parseRefreshToken } from "../../src/crypto/token.ts";
import type { FinishKeySignIn } from "../../src/features/key/contract.ts";
import type { FinishPasskeySignIn } from "../../src/features/passkey/contract.ts";
import type { Call, Write } from "./history.ts";
import type { Common, Cookie } from "./belongings.ts";
import type { Left, Looked } from "./looked_at.ts";
import { lives, sessionIn } from "./rules.ts";
import { accountOf, type ClaimKey, type Contents, isUser } from "./state.ts";

/** What a crash leaves. */
export interface Wreck extends Left {
  readonly texts: Contents;
  readonly claimKey: ClaimKey | null;
  readonly secrets: readonly string[];
  readonly common: Common;
  /** Sessions that somebody was told of. */
  readonly sessions: readonly Told[];
  /** Codes and links that somebody was mailed. */
  readonly codes: readonly Mailed[];
  /** Signatures that somebody sent. */
  readonly signatures: readonly Sent[];
  /** Everybody who was mailed, or stands in an account. */
  readonly addresses: readonly string[];
}

/** A session that somebody was told of before the crash. */
export interface Told {
  readonly uid: string;
  readonly sid: string;
  /** Whether it had ended; null where it is about to run out. */
  readonly ended: boolean | null;
  readonly cookie?: Cookie | undefined;
  readonly accessToken?: string;
  /** The newest one. */
  readonly refreshToken?: string | undefined;
}

/** A code or a link that somebody was mailed, and whose challenge still stands. */
export interface Mailed {
  readonly challengeId: string;
  /** What is said to it. */
  readonly says: { readonly code: string } | { readonly token: string };
  /** Whether it had let somebody in. */
  readonly spent: boolean;
}

/** A signature that somebody sent to sign in, and whose challenge still stands, or let somebody in. */
export interface Sent {
  readonly by: "passkey" | "key";
  readonly answer: Answer;
  /** Whether its challenge had let somebody in. */
  readonly spent: boolean;
}

/** Of either kind, whatever it held: it is sent again as it was. */
type Answer = FinishPasskeySignIn & FinishKeySignIn;

const SOON = 3_600_000; // ms: healers let time pass

/** What stands in the store after `count` writes, and when. */
export function leftAfter(looked: Looked, count: number): Place {
  const writes = looked.history.writes.slice(0, count);
  const now = (writes.at(-1) ?? looked.history.writes[0])?.now ?? looked.now;
  const entries = new Map<string, { readonly text: string; readonly exp: number }>();
  for (const { key, after, exp } of writes) {
    if (after === null) entries.delete(key);
    else entries.set(key, { text: after, exp });
  }
  for (const [key, { exp }] of entries) if (exp <= now) entries.delete(key);
  return { entries, now, texts: new Map([...entries].map(([key, { text }]) => [key, text])) };
}

/** What a crash leaves after `count` writes. All that was answered before the next one was answered: that is the latest moment for it. */
export function wreckAfter(looked: Looked, count: number): Wreck {
  const written = looked.history.writes.slice(0, count)
    .flatMap(({ key, after }) => after === null ? [] : [[key, after] as const]);
  const left = leftAfter(looked, count);
  const { claimKey, secrets } = looked;
  return {
    ...left,
    claimKey,
    secrets,
    common: looked.common(),
    sessions: toldOf(looked, count, left),
    codes: mailedOf(looked, count, left),
    signatures: sentOf(looked, count, left),
    addresses: addressesIn(written),
  };
}

/** A store, and its texts alone. */
export type Place = Left & Pick<Wreck, "texts">;

function toldOf({ history, cookies }: Looked, count: number, { texts, now }: Place): readonly Told[] {
  const writes = history.writes.slice(0, count);
  const { starts, ends } = lives(writes);
  const until = history.writes[count]?.order ?? Infinity;
  const told = new Map<string, Told>();
  for (const call of history.calls) {
    const id = call.ended !== null && call.ended < until ? sessionIn(call) : null;
    if (id === null || !starts.has(id)) continue; // of another store
    const [uid = "", sid = ""] = id.split(":");
    const entry = accountOf(texts.get(`users:${uid}`))?.sessions.find((one) => one.sid === sid);
    const record = writes.findLast(({ key, after }) => key === `sessions:${id}` && after !== null);
    const exp = Math.min(entry?.exp ?? Infinity, record === undefined ? Infinity : expiryOf(record.after));
    const ended = ends.has(id) ? true : exp > now + SOON ? false : null;
    const tokens = tokensIn(call, texts.get(`sessions:${id}`));
    told.set(id, { ...told.get(id), uid, sid, ended, cookie: cookies.get(id), ...tokens });
  }
  return [...told.values()];
}

function expiryOf(text: string | null): number {
  return JSON.parse(text ?? "{}").exp ?? Infinity;
}

/** The tokens in an answer. A refresh token whose family has moved on is good for a moment alone: whoever got no answer may be late. */
function tokensIn(
  { result }: Call,
  record: string | undefined,
): { readonly accessToken?: string; readonly refreshToken?: string | undefined } {
  const { accessToken, refreshToken } = Object(result) as Pick<Told, "accessToken" | "refreshToken">;
  const generation = parseRefreshToken(refreshToken ?? "")?.generation;
  const isCurrent = record === undefined || JSON.parse(record).family?.generation === generation;
  return {
    ...(accessToken !== undefined && { accessToken }),
    ...(refreshToken !== undefined && { refreshToken: isCurrent ? refreshToken : undefined }),
  };
}

function mailedOf({ history, mails }: Looked, count: number, { texts }: Place): readonly Mailed[] {
  const spent = letIn(history.writes.slice(0, count));
  return [...texts].flatMap(([key, text]) => {
    if (!key.startsWith("challenges:")) return [];
    const { purpose, subject, codes = [] } = JSON.parse(text) as {
      readonly purpose: string;
      readonly subject: string;
      readonly codes?: readonly { readonly exp: number }[];
    };
    const challengeId = key.slice("challenges:".length);
    const times = new Set(codes.map(({ exp }) => new Date(exp).toISOString()));
    return mails
      .filter(({ kind, to, data }) =>
        kind === purpose && to.address === subject && times.has(String(data["expiresAt"]))
      )
      .map(({ data: { code, link } }) => {
        const token = link === undefined ? null : new URL(link).searchParams.get("token");
        const says = token === null ? { code: String(code) } : { token };
        return { challengeId, says, spent: spent.has(challengeId) || spent.has(token) };
      });
  });
}

/** The challenges that let somebody in, and the tokens of links that did. */
function letIn(writes: readonly Write[]): ReadonlySet<unknown> {
  const inputs = [...lives(writes).starts.values()].map(({ call }) => call?.input);
  return new Set(inputs.flatMap((input) => [input?.["challengeId"], input?.["token"]]));
}

function sentOf({ history: { calls, writes } }: Looked, count: number, { texts }: Place): readonly Sent[] {
  const spent = letIn(writes.slice(0, count));
  const until = writes[count]?.order ?? Infinity;
  return calls.flatMap(({ name, input, begun }) => {
    const [, by] = /^(passkey|key)\.finishSignIn$/.exec(name) ?? [];
    const { challengeId } = input;
    const counts = typeof challengeId === "string" && begun < until &&
      (spent.has(challengeId) || texts.has(`challenges:${challengeId}`));
    if (by === undefined || !counts) return [];
    const { userId: _, sessionId: __, client: ___, ...answer } = input as Call["input"] & Answer;
    return [{ by: by as Sent["by"], answer, spent: spent.has(challengeId) }]; // as it was matched
  });
}

/** The purposes of steps that prove an address. */
const MAILS: ReadonlySet<string> = new Set(["emailOtp.code", "magicLink.link"]);

/** The addresses in what was written. */
export function addressesIn(written: readonly (readonly [key: string, text: string])[]): readonly string[] {
  const found = written.flatMap(([key, text]): readonly string[] => {
    if (isUser(key)) {
      const identifiers = accountOf(text)?.identifiers ?? [];
      return identifiers.filter(({ type }) => type === "email").map(({ value }) => value);
    }
    if (!key.startsWith("challenges:")) return [];
    const { purpose, subject } = JSON.parse(text);
    return MAILS.has(purpose) ? [subject] : [];
  });
  return [...new Set(found)];
}
