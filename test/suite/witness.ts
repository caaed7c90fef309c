// Sees everything that the servers of one world write, and every secret that they have.
import { inspect } from "node:util";
import { fromBase64url } from "../../src/base/encoding.ts";
import type { Logger } from "../../src/events.ts";
import type { Message } from "../../src/model.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { createAuth } from "../../src/auth.ts";
import type { Driver } from "../../src/store/driver.ts";
import { issuedBy, issuing, secretIs, sentIn } from "./belongings.ts";
import type { FullAuth } from "./client.ts";
import { type Asked, eavesdropped, overheard, overseen } from "./hearing.ts";
import { derivedFrom, opened, privateIn, secretsIn } from "./kept_secrets.ts";
import { leaks, type Secret, type Written } from "./leaks.ts";
import { type Answer, type Parts, partsOf, SECRET } from "./replies_heard.ts";

/** Whoever sees all of it. */
export interface Witness {
  /** Makes a server. */
  readonly server: (make: typeof createAuth, options: AuthOptions) => FullAuth;
  /** Sees what a client sends: what it makes up or types is echoed by nobody. */
  readonly sent: (input: unknown) => void;
  /** Is told of further secrets. */
  readonly saw: (secrets: readonly string[]) => void;
  /** What stands where it does not belong, in further texts too, and how much was looked through. */
  readonly testimony: (further: readonly Written[]) => Promise<Testimony>;
}

/** What came of looking. */
export interface Testimony {
  readonly leaks: readonly string[];
  readonly secrets: number;
  readonly texts: number;
}

/** What was seen. It is looked at in the end, so that nothing waits for it. */
interface Seen {
  /** Text → key. */
  readonly stored: Map<string, string>;
  readonly logged: Set<unknown>;
  readonly answers: Answer[];
  readonly secrets: Secret[];
  /** Those of the options. */
  readonly keys: Set<string>;
}

/** Somebody who sees one world. */
export function witness(): Witness {
  const seen: Seen = { stored: new Map(), logged: new Set(), answers: [], secrets: [], keys: new Set() };
  const { stored, logged, answers, secrets, keys } = seen;
  let body: unknown; // of the request that is made next
  const store = (key: string, text: string) => void stored.set(text, key);

  /** What is secret in options is known, and what is mailed, logged and stored by them is seen. */
  function noted({ storage, secret, platform, plugins, ...rest }: AuthOptions): AuthOptions {
    const all = [secret].flat();
    for (const one of all) keys.add(one);
    secrets.push(...all.flatMap(derivedFrom), ...secretsIn(rest));
    const { email, logger } = rest;
    const send = (message: Message) => {
      secrets.push(...codesIn(message));
      return email?.send?.(message);
    };
    const line = (one: unknown) => void logged.add(one);
    return {
      ...rest,
      secret,
      ...(plugins && { plugins }),
      ...(storage !== undefined && { storage: isDriver(storage) ? overseen(storage, store) : storage }),
      ...(typeof email?.send === "function" && { email: { ...email, send } }),
      ...(Object(logger) === logger && { logger: eavesdropped(logger as Logger, line) }),
      ...(platform &&
        { platform: { ...platform, ...(platform.log && { log: eavesdropped(platform.log, line) }) } }),
    } as AuthOptions; // nothing is missing that was there
  }

  function heard(auth: FullAuth, options: Partial<AuthOptions>): FullAuth {
    const issues = issuing(options);
    return overheard(auth, {
      asked(_, input) {
        secrets.push(...sentIn(input instanceof Request ? Object.fromEntries(input.headers) : input));
        const asked = askedWith(input, body);
        body = undefined;
        return asked;
      },
      answered(operation, result, asked) {
        if (operation === "idempotent") return; // the application's own, which is known by what is kept of it
        answers.push({
          ...{ operation, asked },
          result: result instanceof Response ? result.clone() : result,
          issues: issuedBy(operation, issues),
        });
      },
    });
  }

  return {
    server(make, given) {
      const options = noted(given);
      try {
        return heard(make(options) as FullAuth, options);
      } catch (error) {
        answers.push({
          operation: "createAuth",
          result: error,
          issues: [],
          asked: askedWith(undefined, undefined),
        });
        throw error;
      }
    },
    sent(input) {
      secrets.push(...sentIn(input));
      body = input;
    },
    saw: (all) => void secrets.push(...all.flatMap((one) => secretIs("a secret", one))),
    testimony: (further) => lookedAt(seen, further),
  };
}

function isDriver(storage: AuthOptions["storage"]): storage is Driver {
  return typeof Object(storage).swap === "function" && typeof Object(storage).entries === "function";
}

/** A code as it is mailed, and as it is typed; or what of a link lets somebody in. */
function codesIn({ data: { code = "", link } }: Message): readonly Secret[] {
  const token = link === undefined ? null : new URL(link).searchParams.get("token");
  return [
    ...[code, code.replaceAll("-", "")].flatMap((one) => secretIs("a code", one)),
    ...secretIs("the token of a link", token ?? ""),
  ];
}

/** What is asked: by whom it is asked does not count where a body says what for. */
function askedWith(input: unknown, body: unknown): Asked {
  const isRequest = input instanceof Request;
  const headers = isRequest ? input.headers : new Headers();
  const request = () => {
    const { client: _, attempt: __, ...what } = Object(isRequest ? body : input);
    const who = ["cookie", "authorization"].map((name) => headers.get(name) ?? "").join(" ");
    return Object.keys(what).length === 0 ? who : JSON.stringify(what);
  };
  return { request, isKept: headers.has("idempotency-key") };
}

/** Whether a token is where it belongs: in the first answer that has it, in what is answered to whoever asks the same again, and in
 * what is answered to whoever shows a token that came that way. `cookies` is given what it puts into cookies, and what a device is
 * known by comes with each token. */
function isIssued(
  { is, value }: Secret,
  { operation, asked }: Answer,
  issued: Map<unknown, string>,
): boolean {
  if (operation === "cookies" || is === "a device token") return true;
  const request = asked.request();
  const [shown] = (request.match(/[\w.-]{43,}/g) ?? []).map((one) => issued.get(one.slice(-SECRET)));
  const to = shown ?? request;
  const first = issued.get(value) ?? to;
  issued.set(value, first);
  return first === to;
}

/** Answers that were looked at before: the body of a `Response` is read once. */
const parts = new WeakMap<Answer, Promise<Parts>>();

function taken(answer: Answer): Promise<Parts> {
  const taken = partsOf(answer);
  parts.set(answer, taken);
  return taken;
}

/** Everything that was written, with every secret, and what is amiss. */
async function lookedAt(
  { stored, logged, answers, secrets, keys }: Seen,
  further: readonly Written[],
): Promise<Testimony> {
  const written: Written[] = [...further];
  for (const [text, key] of stored) written.push({ where: "store", by: key, text: `${key} ${text}` });
  for (const line of logged) written.push({ where: "log", by: eventOf(line), text: textOf(line) });
  const all = [...secrets];
  const unsealed: string[] = [];
  const issued = new Map<unknown, string>();
  for (const answer of answers) {
    const { tokens, rest, kept } = await (parts.get(answer) ?? taken(answer));
    const others = tokens.filter((token) => !isIssued(token, answer, issued)).map(({ value }) => value);
    written.push({ where: "reply", by: answer.operation, text: [rest, ...others].join("\n") });
    all.push(...tokens, ...kept);
  }
  for (const [text, key] of stored) {
    const { plain, bare } = await opened(key, text, [...keys]);
    if (bare) unsealed.push(`something unsealed in the store: ${key}`);
    for (const [label, one] of plain) {
      if (label === "replies") {
        written.push({ where: "seal", by: key, text: one });
        all.push({ is: "a kept reply", value: String(JSON.parse(one).text), where: "store" });
      }
      if (label === "signing-keys") all.push(...privateIn(JSON.parse(one)));
      if (label === "lookup-key") all.push({ is: "the lookup key", value: fromBase64url(one) ?? one });
    }
  }
  return { leaks: [...leaks(written, all), ...unsealed], secrets: all.length, texts: written.length };
}

function eventOf(line: unknown): string {
  return typeof line === "string" ? "a warning" : String(Object(line).event);
}

function textOf(line: unknown): string {
  return typeof line === "string"
    ? line
    : inspect(line, { depth: 20, maxArrayLength: null, maxStringLength: null });
}
