import { languageTag } from "../base/language.ts";
import { type Report, report } from "../base/report.ts";
import { membersOf, type Schema } from "../base/schema.ts";
import type { AnyRoute, Call } from "../contract.ts";
import { AuthError, ERRORS } from "../errors.ts";
import { type Hooks, hooksOf } from "../options/hooks.ts";

/** What is looked at of a definition. Its types are checked where it is written; here it may come from plain JavaScript. */
export interface Definition {
  readonly name: string;
  readonly calls: object;
  readonly routes: object;
  readonly errors?: object;
  readonly events?: object;
  readonly mails?: object;
}

/** What of it was checked, as a copy: nothing is exchanged behind it. */
export interface Checked {
  readonly calls: Readonly<Record<string, Call>>;
  readonly routes: Readonly<Record<string, AnyRoute>>;
}

const MEMBERS: readonly string[] = "name calls routes options errors events mails slot hooks create".split(
  " ",
);
const ROW: readonly string[] =
  "summary input access session keeps limit audiences status reply mails anywhere output idempotent maxAge errors"
    .split(" ");
const LEVELS: readonly unknown[] = ["debug", "info", "warn", "error"];
const CALL = /^(GET|POST|PUT|PATCH|DELETE) (\/:?[A-Za-z0-9_-]+)+$/;
const SECRET = /^(tokens?|codes?|seed|secret)$|(Tokens?|Codes?|Seed|Secret)$/;
const YEAR = 365 * 86_400; // seconds
const LONGEST = 200; // characters of a sentence

/** The checks that no option can change.
 * @throws {TypeError} with everything that is wrong, where, and what would be right */
export function checkDefinition(definition: Definition): Checked {
  const name: unknown = Object(definition).name;
  if (typeof name !== "string" || !/^[a-z][A-Za-z0-9]{0,31}$/.test(name)) {
    throw new TypeError("definePlugin: name must be a small letter, then up to 31 letters and digits");
  }
  const found = report();
  known("", definition, MEMBERS, found);
  checkParts({ ...definition }, found);
  const calls = { ...definition.calls } as Checked["calls"];
  const errors = checkErrors(name, definition.errors, found);
  const routes = routesOf(calls, definition.routes, errors, found);
  settle(`definePlugin: the plug-in ${name}`, found);
  return { calls, routes };
}

function checkParts(given: Readonly<Record<string, unknown>>, found: Report): void {
  for (const part of ["calls", "routes"]) known(part, given[part] ?? null, null, found);
  const { create, options, hooks, slot, events, mails } = given;
  for (const [part, value] of Object.entries({ create: create ?? null, options, hooks })) {
    if (value !== undefined && typeof value !== "function") found.add(part, "must be a function");
  }
  if (slot !== undefined && !isSchema(slot)) found.add("slot", "must be a schema, like object({ … })");
  known("events", events, null, found);
  for (const [event, level] of Object.entries(Object(events))) {
    if (!/^[A-Za-z]{1,64}$/.test(event) || !LEVELS.includes(level)) {
      found.add(`events.${event}`, 'must be letters, with "debug", "info", "warn" or "error"');
    }
  }
  known("mails", mails, null, found);
  for (const [mail, wordings] of Object.entries(Object(mails))) {
    if (!/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(mail) || !isWorded(wordings)) {
      found.add(
        `mails.${mail}`,
        "must be { en: (data, locale) => … } with further languages, or a function that loads that",
      );
    }
  }
}

/** Notes what is no object, and members that mean nothing: a misspelt one would be overlooked in silence. */
function known(path: string, value: unknown, members: readonly string[] | null, found: Report): void {
  const names = (members ?? Object.keys(Object(value))) as readonly never[];
  found.object(path, value as object | undefined, names);
}

function checkErrors(name: string, errors: object | undefined, found: Report): readonly string[] {
  known("errors", errors, null, found);
  return Object.entries({ ...errors }).map(([code, row]: [string, unknown]) => {
    const [status, sentence] = Array.isArray(row) ? row : [];
    const isTold = Number.isInteger(status) && status >= 400 && status <= 599 && isSentence(sentence);
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(code) || !isTold) {
      found.add(`errors.${code}`, "must be a snake_case code with [a status of 400 to 599, a sentence]");
    }
    return `${name}.${code}`;
  });
}

function routesOf(
  calls: Readonly<Record<string, unknown>>,
  given: object,
  errors: readonly string[],
  found: Report,
): Checked["routes"] {
  const rows: Readonly<Record<string, unknown>> = { ...given };
  for (const method of Object.keys(rows)) {
    if (!Object.hasOwn(calls, method)) found.add(`calls.${method}`, "is missing: routes has it");
  }
  return Object.fromEntries(
    Object.entries(calls).map(([method, call]) => {
      if (typeof call !== "string" || !CALL.test(call)) {
        found.add(`calls.${method}`, 'must be a method and a path, like "POST /sms/start"');
      }
      const row = Object.hasOwn(rows, method) ? rows[method] : null;
      const path = `routes.${method}`;
      known(path, row, ROW, found);
      const route = { ...Object(row) } as AnyRoute; // every member is looked at below
      if (row === null) return [method, route];
      checkRow(path, route, errors, found);
      checkCookie(path, String(call), route, found);
      checkReply(path, String(call), route, found);
      checkInput(path, String(call), route, found);
      return [method, route];
    }),
  );
}

function checkRow(path: string, row: AnyRoute, errors: readonly string[], found: Report): void {
  if (!isSentence(row.summary)) {
    found.add(`${path}.summary`, `must be a sentence of at most ${LONGEST} characters`);
  }
  found.word(`${path}.access`, row.access ?? null, ["anyone", "optional", "session"], "session");
  found.word(`${path}.limit`, row.limit, ["start", "page", "proof", "refresh"], "start");
  found.word(`${path}.session`, row.session, ["starts", "ends"], "ends");
  found.word(`${path}.reply`, row.reply, ["json", "grant", "page", "redirect"], "json");
  found.word(`${path}.audiences`, row.audiences, ["all"], "all");
  if (![200, 201, 204, 303].includes(row.status)) {
    found.add(`${path}.status`, "must be 200, 201 or 204, or 303 for a redirect");
  }
  for (const flag of ["mails", "anywhere", "idempotent"] as const) {
    if (row[flag] !== undefined && row[flag] !== true) {
      found.add(`${path}.${flag}`, "must be true, or not be there");
    }
  }
  const failures: readonly unknown[] = Array.isArray(row.errors) ? row.errors : [null];
  const isKnown = (code: unknown) =>
    typeof code === "string" && (Object.hasOwn(ERRORS, code) || errors.includes(code));
  if (!failures.every(isKnown)) {
    found.add(`${path}.errors`, "must be a list of codes, of the table or of errors with the plug-in's name");
  }
}

/** What a reply does to the session cookie. */
function checkCookie(path: string, call: string, { session, keeps, input }: AnyRoute, found: Report): void {
  if (call.startsWith("GET ") && session !== undefined) {
    found.add(`${path}.session`, "cannot be: any page may send a browser to a GET");
  }
  if (keeps !== undefined && (session !== "ends" || !membersOf(Object(input)).includes(keeps))) {
    found.add(`${path}.keeps`, 'must be a member of the input, beside session: "ends"');
  }
}

/** How a reply is told, and who may keep it. */
function checkReply(path: string, call: string, row: AnyRoute, found: Report): void {
  const { session, reply, status, idempotent, output, maxAge, access } = row;
  const isShown = reply === "page" || reply === "redirect";
  if ((reply === "redirect") !== (status === 303)) {
    found.add(path, "must have the status 303 with a redirect, and with nothing else");
  }
  if (status === 204 && (reply === "page" || reply === "grant" || session === "starts")) {
    found.add(`${path}.status`, "must be 200 or 201: with 204 nothing is told");
  }
  if (session === "starts" ? isShown : reply === "grant") {
    found.add(`${path}.reply`, 'must be "grant" with session: "starts", and with nothing else');
  }
  if (idempotent && (isShown || reply === "grant" || session === "starts")) {
    found.add(`${path}.idempotent`, "cannot be: only JSON that lets nobody in is kept");
  }
  if (output !== undefined && !isSchema(output)) found.add(`${path}.output`, "must be a schema");
  if (idempotent && membersOf(Object(output)).some((member) => SECRET.test(member))) {
    found.add(`${path}.idempotent`, "cannot be: the reply holds a token, code or seed");
  }
  if (maxAge === undefined) return;
  found.integer(`${path}.maxAge`, maxAge, { min: 1, max: YEAR, fallback: YEAR });
  if (!call.startsWith("GET ") || access !== "anyone") {
    found.add(`${path}.maxAge`, 'cannot be: others keep only what a GET with access: "anyone" tells');
  }
}

/** What travels: never who calls, and everything that the path names. */
function checkInput(path: string, call: string, { input }: AnyRoute, found: Report): void {
  if (!isSchema(input)) {
    found.add(`${path}.input`, "must be a schema, like object({ … })");
    return;
  }
  const members = membersOf(input);
  for (const member of ["userId", "sessionId", "client"].filter((one) => members.includes(one))) {
    found.add(`${path}.input.${member}`, "cannot be: who calls is never said over the wire");
  }
  for (const [, member = ""] of call.matchAll(/\/:([^/]+)/g)) {
    if (members.length > 0 && !members.includes(member)) {
      found.add(`${path}.input.${member}`, `is missing: "${call}" names it`);
    }
  }
}

function isSchema(value: unknown): value is Schema<object> {
  const { kind, async } = Object(value);
  return kind === "schema" && async === false && typeof Object(value)["~run"] === "function";
}

function isSentence(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && value.length <= LONGEST;
}

function isWorded(wordings: unknown): boolean {
  if (typeof wordings === "function") return true; // it is asked for when the first mail is sent
  return Object.hasOwn(Object(wordings), "en") &&
    Object.entries(Object(wordings)).every(([locale, template]) =>
      languageTag(locale) === locale && typeof template === "function"
    );
}

/** The hooks that a plug-in made of its settings, by the same check as the option. They may depend on the user's options.
 * @throws {AuthError} `config_invalid` */
export function ownHooks(name: string, given: unknown): Hooks {
  const path = `plugins.${name}.hooks`;
  const found = report();
  const hooks = hooksOf(path, (given ?? null) as Hooks, found);
  // A promise has no members, and a class hides them: neither can be checked, and what is misspelt in it never vetoes.
  if (![Object.prototype, null].includes(Object.getPrototypeOf(Object(given)))) {
    found.add(path, "must be a plain object, at once");
  }
  found.settle();
  return hooks;
}

/** @throws {TypeError} with everything that was noted, if anything was */
export function settle(whose: string, found: Report): void {
  try {
    found.settle();
  } catch (error) {
    const issues = error instanceof AuthError ? error.details?.issues ?? [] : [];
    throw new TypeError(
      `${whose} is wrong:${issues.map(({ path, message }) => `\n  ${path} ${message}`).join("")}`,
    );
  }
}
