// What docs/configuration.md and docs/events.md print from the code: all options, and all events.
import { EVENTS } from "../src/events.ts";
import { filled, table } from "./markdown.ts";
import { membersOf } from "./members.ts";

/** Option → the interface of its members. */
const GROUPS: readonly (readonly [option: string, path: string, name: string])[] = [
  ["session", "src/options/session.ts", "SessionOptions"],
  ["cookie", "src/options/cookie.ts", "CookieOptions"],
  ["cors", "src/options/cors.ts", "CorsOptions"],
  ["jwt", "src/options/jwt.ts", "JwtOptions"],
  ["users", "src/options/users.ts", "UsersOptions"],
  ["hooks", "src/options/hooks.ts", "Hooks"],
  ["email", "src/options/email.ts", "EmailOptions"],
  ["email.smtp", "src/options/email.ts", "SmtpOptions"],
  ["emailOtp", "src/features/email_otp/contract.ts", "EmailOtpOptions"],
  ["platform", "src/platform.ts", "Platform"],
];

/** The page of all options. */
export function configurationPage(): string {
  const rows = (prefix: string, path: string, name: string) =>
    membersOf(path, name).map(({ name, fallback, what }) => [
      `\`${prefix}${name}\``,
      fallback === "" ? "" : `\`${fallback}\``,
      what,
    ]);
  const head = ["Option", "Default", "What"];
  const groups = GROUPS.map(([option, path, name]) =>
    `### \`${option}\`\n\n${table(head, rows(`${option}.`, path, name))}`
  );
  return filled("docs/configuration.md", {
    options: table(head, rows("", "src/options.ts", "AuthOptions")),
    groups: groups.join("\n\n"),
  });
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

/** The names of the fields in a type. */
function fieldsOf(type: string): string {
  const shared = [["SessionFields", "userId, sessionId"], ["MailFields", "kind, userId"]] as const;
  const names = shared.flatMap(([name, fields]) => type.includes(name) ? fields.split(", ") : []);
  const own = [...type.matchAll(/readonly (\w+)\??:/g)].map(([, name = ""]) => name);
  return [...names, ...own].map((name) => `\`${name}\``).join(", ");
}
