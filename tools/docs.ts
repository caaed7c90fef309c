// Generates docs/errors.md, docs/routes.md and docs/operations.md from the source, and what other pages print of it.
// `--check` only looks whether they are as they would be generated. Run it with the Node of the lock file:
// node_modules/.bin/node tools/docs.ts
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ErrorCode, ERRORS } from "../src/errors.ts";
import { ANY, IDEMPOTENT, SIGNED_IN } from "../src/http/openapi.ts";
import { ROUTES } from "../test/suite/client.ts";
import { CASES, measure, type Measured } from "../test/suite/operations.ts";
import { filled, table } from "./markdown.ts";
import { configurationPage, eventsPage, limitsPage, mailPage, pluginsPage, tokensPage } from "./reference.ts";
import { guaranteesPage } from "./guarantees_page.ts";
import { performancePage } from "./performance_page.ts";
import { storesPage } from "./stores_page.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const DEFAULT_BASE = "/auth";

/** Methods that have another name in your own code than their feature's. */
const LOCAL: Readonly<Record<string, string>> = {
  "wellKnown.jwks": "signingKeys.jwks",
  "wellKnown.health": "health",
  "wellKnown.openapi": "openapi",
};

const pages: Readonly<Record<string, string>> = {
  "docs/errors.md": errorsPage(),
  "docs/routes.md": routesPage(),
  "docs/operations.md": await operationsPage(),
  "docs/stores.md": await storesPage(),
  "docs/configuration.md": configurationPage(),
  "docs/events.md": eventsPage(),
  "docs/limits.md": limitsPage(),
  "docs/mail.md": mailPage(),
  "docs/plug-ins.md": pluginsPage(),
  "docs/tokens.md": tokensPage(),
  "docs/guarantees.md": guaranteesPage(),
  "docs/performance.md": performancePage(),
  "docs/testing.md": filled("docs/testing.md"),
  "docs/magic-links.md": filled("docs/magic-links.md"),
  "docs/passwords.md": filled("docs/passwords.md"),
  "docs/passkeys.md": filled("docs/passkeys.md"),
  "docs/keys.md": filled("docs/keys.md"),
};
const isCheck = process.argv.includes("--check");
for (const [path, text] of Object.entries(pages)) {
  const wanted = formatted(text);
  if (!isCheck) {
    mkdirSync(join(root, "docs"), { recursive: true });
    writeFileSync(join(root, path), wanted);
  } else if (wanted !== present(path)) {
    console.error(`${path} is not as it would be generated: run \`node tools/docs.ts\`.`);
    process.exitCode = 1;
  }
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, [status, sentence]]) => [
    `\`${code}\``,
    String(status),
    sentence,
    whereOf(code as ErrorCode), // the keys of the table
  ]);
  return `# Errors

Every failure has a code. It is stable, and made to be compared: the sentence beside it is for people and may be worded better one
day. In your own code a failure is an \`AuthError\` with \`code\`, \`status\`, \`message\` and sometimes \`details\`; over HTTP the reply has
the status of the table, and a JSON body:

\`\`\`json
{ "code": "code_invalid", "message": "${
    ERRORS.code_invalid[1]
  }", "status": 401, "details": { "attemptsLeft": 4 } }
\`\`\`

Details, where there are any: \`issues\` says what is wrong with an input, and where; \`attemptsLeft\` how many guesses are left; \`reason\` why a hook
refused a sign-in;
\`retryAfter\` in how many seconds to ask again; \`reference\` what to look for in the server's log; \`allow\` the methods that a path answers. Nothing else of a failure leaves the server: the cause is in the log and, for your
own code, in \`error.cause\`.

${table(["Code", "Status", "Message", "Where"], rows)}
`;
}

/** Who may see a code. */
function whereOf(code: ErrorCode): string {
  if (ANY.includes(code)) return "any route";
  if (IDEMPOTENT.includes(code)) return `${idempotent()} with an \`Idempotency-Key\`; \`auth.idempotent\``;
  if (SIGNED_IN.includes(code)) {
    return ["routes that need a session", ...declaring(code)].join(", ");
  }
  const astray: Partial<Record<ErrorCode, string>> = {
    not_found: "a path that leads nowhere",
    method_not_allowed: "a path that does not answer the method",
  };
  const where = [astray[code] ?? [], declaring(code)].flat();
  return where.length === 0 ? "your own code only: no route answers it" : where.join(", ");
}

/** The routes that take a key. */
function idempotent(): string {
  const taking = Object.values(ROUTES).filter(({ route }) => route.idempotent);
  return taking.map(({ call }) => `\`${call}\``).join(", ");
}

function declaring(code: ErrorCode): readonly string[] {
  const answers = ({ route }: typeof ROUTES[string]) =>
    route.errors.includes(code) || (code === "rate_limited" && route.limit !== undefined);
  return Object.values(ROUTES).filter(answers).map(({ call }) => `\`${call}\``);
}

function routesPage(): string {
  const rows = Object.entries(ROUTES).map(([name, { call, route }]) => [
    `\`${call}\``,
    `\`auth.${LOCAL[name] ?? name}\``,
    route.summary + (route.maxAge === undefined ? "" : ` (may be cached for ${route.maxAge} s)`),
    { anyone: "anyone", optional: "anyone; a session is looked at", session: "a session" }[route.access],
    cookieOf(route),
    statusesOf(route),
    route.limit === undefined ? "" : `\`${route.limit}\``,
    route.errors.map(withStatus).join(", "),
  ]);
  return `# Routes

The handler answers these paths below \`basePath\`, which is \`${DEFAULT_BASE}\` unless you set it: \`POST /email/start\` is reached at
\`POST ${DEFAULT_BASE}/email/start\`. Each route is one method of what \`createAuth\` returns, with the same input and result, so whatever
a browser can do your own code can do as well. Bodies are JSON, replies too. Paths are compared literally: another case, a
slash at the end or an encoded letter is another path, and so \`not_found\`.

Who is signed in is read from the session cookie, or from \`Authorization: Bearer\` with an access token. A request other than \`GET\`
that carries the cookie, whose reply sets one, or that has a limit must come from your own origin or one in \`trustedOrigins\`, or without cookies from one that [\`cors\`](sessions.md#pages-on-other-origins) lets ask. Programs that are no browser, and so send no
\`Origin\`, are let through.

${
    table([
      "Route",
      "Method",
      "What it does",
      "Who may call",
      "Session cookie",
      "Status",
      "Limit",
      "Errors of its own",
    ], rows)
  }

Any route may also answer ${ANY.map(withStatus).join(", ")}.

With an \`Idempotency-Key\`, ${idempotent()} may also answer ${
    IDEMPOTENT.map(withStatus).join(", ")
  }: see [idempotency](idempotency.md).

One that needs a session may also answer ${SIGNED_IN.map(withStatus).join(", ")}.

One with a limit may also answer ${
    withStatus("rate_limited")
  }: how often a client may ask is on the page about [limits](limits.md).

What each code means is on the page about [errors](errors.md); what each route asks of the store on the one about
[operations](operations.md).
`;
}

function statusesOf({ status, session, pends }: typeof ROUTES[string]["route"]): string {
  const others = [
    session === "starts" ? "201 for a new account" : [],
    pends ? "202 where a code is awaited" : [],
  ];
  return [status, ...others.flat()].join("; ");
}

function cookieOf(route: typeof ROUTES[string]["route"]): string {
  if (route.session === "starts") return "set, unless `session` is `bearer`";
  if (route.session !== "ends") return "";
  return route.keeps === undefined ? "cleared" : `cleared, unless \`${route.keeps}\` is the calling session`;
}

function withStatus(code: ErrorCode): string {
  return `\`${code}\` (${ERRORS[code as keyof typeof ERRORS][0]})`;
}

async function operationsPage(): Promise<string> {
  const measured: Measured[] = [];
  for (const one of CASES) measured.push(await measure(one, "memory"));
  const strangers = measured.flatMap(({ others }) => others);
  if (strangers.length > 0) {
    throw new Error(`a request calls ${strangers.join(", ")}: this page says that none does`);
  }
  const rows = measured.map(({ route, when, rounds }) => {
    const operations = rounds.flat();
    const count = (kind: string) => String(operations.filter((name) => name.startsWith(`${kind} `)).length);
    const order = rounds.map((round) => round.join(" + ")).join(" → ");
    return [`\`${ROUTES[route]?.call}\``, when, count("get"), count("swap"), String(rounds.length), order];
  });
  return `# What each request asks of the store

A request costs as many trips to the store as stand in this table; with a store on another machine that is nearly all it costs. The
numbers are measured by running each route over HTTP on a server that has been in use, and they are the same for every store. There are
two operations only: \`get\` reads one key, and \`swap\` writes one key if it still holds what was read before. What is joined by \`+\`
travels at the same time and counts as one trip.

- Knowing who is signed in takes two reads in one trip: the account and the session. That check is part of every route that needs a
  session, and it is all that \`getSession\` and \`requireSession\` do.
- When a session is used for the first time in an hour (or in a tenth of \`session.idleTtl\`, if that is less), one swap notes it.
- A request for a route with a limit is counted first, by one swap; where \`clientIp\` is not set, it is not. Where another server
  has counted the same client in between, that takes a read and another swap.
- No request lists keys, and none writes without comparing: of a driver, requests call \`getItem\` and \`swap\` alone.
- A swap that somebody else was faster than is tried again after another read. That happens only where several requests change the
  same account or session at the same moment.
- Mail that tells somebody of a passkey or a key that was added or removed, or of a password that was changed or set anew, goes out
  behind the reply: one more read, which nobody waits for.
- The first request of a process also reads \`lookup-key\` and \`meta\`. Whoever makes or checks access tokens reads \`signing-keys\` once a
  minute.

${table(["Route", "When", "Reads", "Swaps", "Trips", "In order"], rows)}
`;
}

/** As \`deno fmt\` wants it. */
function formatted(text: string): string {
  const { status, stdout, stderr } = spawnSync(
    join(root, "node_modules", ".bin", "deno"),
    ["fmt", "--ext", "md", "-"],
    { cwd: root, input: text, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`deno fmt failed: ${stderr}`);
  return stdout;
}

function present(path: string): string | null {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return null; // it is missing, and so not as it would be generated
  }
}
