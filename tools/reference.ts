// What docs/configuration.md, docs/events.md, docs/limits.md, docs/mail.md, docs/plug-ins.md and docs/tokens.md print from the code: all
// options, events and mails, the numbers of limits, what a plug-in is made of, the options of the verifier.
import { report } from "../src/base/report.ts";
import { EVENTS } from "../src/events.ts";
import { guessSettings } from "../src/options/guesses.ts";
import { limitSettings, type RateSettings } from "../src/options/limits.ts";
import { ROUTES } from "../test/suite/client.ts";
import { filled, table } from "./markdown.ts";
import { membersOf } from "./members.ts";

const PASSWORD = "src/features/password/options.ts";

/** Option → the interfaces of its members. */
const GROUPS: readonly (readonly [option: string, path: string, ...names: string[]])[] = [
  ['rateLimit["…"]', "src/options/limits.ts", "RouteLimit"],
  ["session", "src/options/session.ts", "SessionOptions"],
  ["cookie", "src/options/cookie.ts", "CookieOptions"],
  ["cors", "src/options/cors.ts", "CorsOptions"],
  ["jwt", "src/options/jwt.ts", "JwtOptions"],
  ["users", "src/options/users.ts", "UsersOptions"],
  ["hooks", "src/options/hooks.ts", "Hooks"],
  ["email", "src/options/email.ts", "EmailOptions"],
  ["email.links", "src/options/email.ts", "LinkPages"],
  ["email.smtp", "src/options/email.ts", "SmtpOptions"],
  ["email.smtp[]", "src/options/email.ts", "WeightedSmtp"],
  ["emailOtp", "src/features/email_otp/contract.ts", "EmailOtpOptions"],
  ["magicLink", "src/features/magic_link/contract.ts", "MagicLinkOptions"],
  ["password", PASSWORD, "PasswordPolicyOptions", "PasswordOptions"],
  ["password.breached", PASSWORD, "BreachedOptions"],
  ["password.hash", PASSWORD, "BuiltInHashing", "OwnHashing"],
  ["password.signUp", PASSWORD, "PasswordSignUpOptions"],
  ["password.signIn", PASSWORD, "PasswordSignInOptions"],
  ["password.change", PASSWORD, "PasswordChangeOptions"],
  ["password.reset", PASSWORD, "PasswordResetOptions"],
  ["passkey", "src/features/passkey/contract.ts", "PasskeyOptions"],
  ["key", "src/features/key/contract.ts", "KeyOptions"],
  ["platform", "src/platform.ts", "Platform"],
];

/** The page of all options. */
export function configurationPage(): string {
  const groups = GROUPS.map(([option, path, ...names]) =>
    `### \`${option}\`\n\n${optionsTable(`${option}.`, path, ...names)}`
  );
  return filled("docs/configuration.md", {
    options: optionsTable("", "src/options.ts", "AuthOptions"),
    groups: groups.join("\n\n"),
  });
}

function optionsTable(prefix: string, path: string, ...names: readonly string[]): string {
  const rows = names.flatMap((name) => membersOf(path, name)).map(({ name, fallback, what }) => [
    `\`${prefix}${name}\``,
    fallback === "" || fallback.includes("`") ? fallback : `\`${fallback}\``, // words have their code marked
    what,
  ]);
  return table(["Option", "Default", "What"], rows);
}

/** The page about access tokens. */
export function tokensPage(): string {
  const verifier = optionsTable("", "src/verifier/options.ts", "VerifierOptions");
  return filled("docs/tokens.md", { verifier });
}

/** The page about plug-ins. */
export function pluginsPage(): string {
  const hooks = membersOf("src/options/hooks.ts", "Hooks").map(({ name, what, type }) => {
    const [, input = ""] = /\(input: (\w+)\)/.exec(type) ?? [];
    const gets = membersOf("src/options/hooks.ts", input).map(({ name }) => name);
    return [`\`${name}\``, what, `\`{ ${gets.join(", ")} }\``];
  });
  return filled("docs/plug-ins.md", {
    hooks: table(["Hook", "When", "What it gets"], hooks),
    members: memberTable("src/plugins/contract.ts", "PluginDefinition"),
    route: memberTable("src/contract.ts", "Route"),
    tools: memberTable("src/plugins/contract.ts", "PluginTools"),
  });
}

function memberTable(path: string, name: string): string {
  return table(
    ["Member", "What it is"],
    membersOf(path, name).map(({ name, what }) => [`\`${name}\``, what]),
  );
}

/** The page about limits. */
export function limitsPage(): string {
  const { kinds } = limitSettings(undefined, report());
  const { guesses, mails, deviceMails, row } = guessSettings(true);
  const clients = Object.entries(kinds).map(([kind, rate]) => {
    const routes = Object.values(ROUTES).filter(({ route }) => route.limit === kind);
    return [`\`${kind}\``, often(rate), routes.map(({ call }) => `\`${call}\``).join(", ")];
  });
  const long = `after ${row}, codes are longer`;
  const unjudged = `${long}, and no password is judged`;
  return filled("docs/limits.md", {
    clients: table(["Limit", "How often", "Which routes"], clients),
    accounts: table(["What", "Strangers, together", "Each known device"], [
      ["guesses at the codes and the password of one account", often(guesses), often(guesses)],
      ["mails to one address", often(mails), often(deviceMails)],
      ["wrong guesses in a row", unjudged, long],
    ]),
  });
}

/** "30 in 10 min" */
function often({ limit, per }: RateSettings): string {
  if (per === 3600) return `${limit} an hour`;
  return per === 60 ? `${limit} a minute` : `${limit} in ${per / 60} min`;
}

/** The page of all events. */
export function eventsPage(): string {
  const rows = membersOf("src/events.ts", "EventFields").map(({ name, type, what }) => [
    `\`${name}\``,
    EVENTS[name as keyof typeof EVENTS],
    fieldsOf(type),
    what,
  ]);
  return filled("docs/events.md", { events: table(["Event", "Level", "Fields", "When"], rows) });
}

/** The page about mail. */
export function mailPage(): string {
  const kinds = membersOf("src/model.ts", "MailKinds");
  const shapes = new Map(kinds.map(({ type }) => [type, membersOf("src/model.ts", type)]));
  const tells = (type: string) => (shapes.get(type) ?? []).map(({ name }) => `\`${name}\``).join(", ");
  const members = new Map([...shapes.values()].flat().map(({ name, what }) => [`\`${name}\``, what]));
  return filled("docs/mail.md", {
    kinds: table(
      ["Kind", "Which mail", "Its data"],
      kinds.map(({ name, what, type }) => [`\`"${name}"\``, what, tells(type)]),
    ),
    data: table(["Member", "What"], [...members]),
  });
}

/** The names of the fields in a type. */
function fieldsOf(type: string): string {
  const shared = [...type.matchAll(/\b\w+Fields\b/g)].flatMap(([name]) => membersOf("src/events.ts", name));
  const names = shared.map(({ name }) => name);
  const own = [...type.matchAll(/readonly (\w+)\??:/g)].map(([, name = ""]) => name);
  return [...names, ...own].map((name) => `\`${name}\``).join(", ");
}
