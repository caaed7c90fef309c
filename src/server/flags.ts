import { FORMS } from "../../drivers/open.ts";
import type { AuthError } from "../errors.ts";
import { flagsOf } from "./flag_words.ts";
import { unusable } from "./folder.ts";
import { SECRET_FILE, secretsOf } from "./secret_file.ts";
import type { ServerOptions } from "./settings.ts";

/** What the command line asks for. */
export type Command =
  | { readonly is: "help" | "version" }
  | { readonly is: "start"; readonly options: ServerOptions; readonly named: Named };

/** How each option was given, `--port` or `PORT`, for messages. */
export type Named = Readonly<Record<string, string>>;

/** An option that can be given on the command line. */
type Given = Exclude<keyof ServerOptions, "print" | "secret">;

interface Flag {
  readonly flag: string;
  readonly env: string;
  /** What follows it. */
  readonly value: string;
  /** What it is for. */
  readonly help: string;
}

const FLAGS: Readonly<Record<Given, Flag>> = {
  port: { flag: "port", env: "PORT", value: "NUMBER", help: "where to listen, 0 for any free port [3000]" },
  host: { flag: "host", env: "HOST", value: "NAME", help: "the name or address to listen on [localhost]" },
  storage: {
    flag: "storage",
    env: "LATCHKEY_STORAGE",
    value: "URL",
    help: `${FORMS} [sqlite:.latchkey/auth.db]`,
  },
  baseUrl: {
    flag: "base-url",
    env: "LATCHKEY_BASE_URL",
    value: "URL",
    help: "the origin that users see [http://localhost:PORT]",
  },
  smtp: {
    flag: "smtp",
    env: "LATCHKEY_SMTP",
    value: "URL",
    help: "smtp://user:pass@host:port, or smtps:// [mail is shown in the terminal]",
  },
  mailFrom: {
    flag: "mail-from",
    env: "LATCHKEY_MAIL_FROM",
    value: "ADDRESS",
    help: "the sender of mail [no-reply@ and the host of the base URL; on localhost, latchkey.localhost]",
  },
  trustedProxies: {
    flag: "trusted-proxies",
    env: "LATCHKEY_TRUSTED_PROXIES",
    value: "NUMBER",
    help: "how many proxies of your own add to X-Forwarded-For [none: the connection's address counts]",
  },
};

const SECRET = "LATCHKEY_SECRET";
const SWITCHES = ["help", "version"] as const;
const NAMES = Object.keys(FLAGS) as Given[]; // the keys of a literal

/** What a person reads who asks for help. */
export const HELP: string = [
  "Latchkey: sign-in by e-mailed code. Usage: npm start -- [flags]",
  "With the word sign-in it signs in itself, by a key pair: npm start -- sign-in --help",
  "",
  ...NAMES.flatMap((name) => {
    const { flag, env, value, help } = FLAGS[name];
    return [`  --${flag} ${value}`.padEnd(24) + env, `      ${help}`];
  }),
  `  ${"".padEnd(22)}${SECRET}`,
  `      what seals and signs; of several, separated by commas, the first does, and all open and verify [${SECRET_FILE}, made at the first start]`,
  "  --help, --version",
  "",
  "A flag wins over its variable.",
].join("\n");

/** Reads the command line; what it does not say, the environment says.
 * @throws {AuthError} `config_invalid` with what is no flag, or is a flag that nothing follows */
export function commandOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const flags = flagsOf(args, { valued: NAMES.map((name) => FLAGS[name].flag), switches: SWITCHES });
  for (const is of SWITCHES) if (flags.has(is)) return { is };
  const options: { -readonly [K in keyof ServerOptions]: ServerOptions[K] } = {};
  const named: Record<string, string> = { secret: SECRET_FILE };
  for (const name of NAMES) {
    const { flag, env: variable } = FLAGS[name];
    const text = flags.get(flag) ?? said(env[variable]);
    named[name] = flags.has(flag) || text === undefined ? `--${flag}` : variable;
    if (text === undefined) continue;
    if (name === "port" || name === "trustedProxies") options[name] = numberOf(text, named[name]);
    else options[name] = text;
  }
  const secret = said(env[SECRET]);
  if (secret !== undefined) {
    options.secret = secretsOf(secret);
    named["secret"] = SECRET;
  }
  return { is: "start", options, named };
}

/** What is wrong, a sentence each, with every option called what it was called when it was given. */
export function sentences({ message, details }: AuthError, named: Named): readonly string[] {
  const told = details?.issues?.map((issue) => {
    const option = issue.path.replace(/^email\.from$/, "mailFrom");
    return `${option.replace(/^\w+/, (name) => named[name] ?? name)} ${issue.message}`;
  });
  return (told ?? [details?.remedy ?? message]).map((sentence) => sentence.replace(/\.?$/, "."));
}

/** An empty variable is one that is not set: that is how a shell or a container's file takes it back. */
function said(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

function numberOf(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw unusable(name, `must be a number: it is ${JSON.stringify(text)}`);
  return Number(text);
}
