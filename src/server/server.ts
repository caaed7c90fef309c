import { createServer, type Server } from "node:http";
import { type AuthEvent, type AuthOptions, createAuth, type Driver, type Logger } from "../../mod.ts";
import { base64url } from "../base/encoding.ts";
import { toNodeListener } from "../doors/node.ts";
import { machine } from "../platform.ts";
import { addressOf, listen, stopper } from "./connections.ts";
import { unusable } from "./folder.ts";
import { sweepHourly } from "./housekeeping.ts";
import { type Mailbox, mailbox } from "./mailbox.ts";
import { SECRET_FILE, secretFile } from "./secret_file.ts";
import { type ServerOptions, type Settings, settingsOf } from "./settings.ts";
import { site } from "./site.ts";
import { openStore, shown } from "./storage.ts";

/** A server that answers. */
export interface RunningServer {
  /** Where it listens: `http://localhost:3000`. */
  readonly url: string;
  /** Stops it: nothing new is accepted, what is under way has 10 seconds to finish, and the store is let go. */
  readonly close: () => Promise<void>;
}

/** What a server is made of once its options are checked. */
interface Parts {
  readonly settings: Settings;
  readonly secret: string | readonly string[];
  readonly driver: Driver;
  readonly print: (text: string) => void;
}

const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000 } as const; // ms: nobody holds a connection for ever
const SHOWS_MAIL = ["localhost", "127.0.0.1", "[::1]"];

/** Starts the stand-alone server: sign-in by e-mailed code under `/auth`, and a page to try it on at `/`.
 * @throws {AuthError} `config_invalid` with everything that is wrong with the options, or what of the machine cannot be used;
 * what the store throws where it cannot be opened
 * @example Usage
 * ```ts
 * import { startServer } from "@latchkey/auth/server";
 *
 * const secret = "a-secret-of-32-characters-or-more";
 * const server = await startServer({ port: 0, storage: "memory:", secret });
 * await server.close();
 * ``` */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const settings = settingsOf(options);
  const { ip, loopback } = await addressOf(settings.host);
  checkMail(settings, loopback);
  const secret = options.secret ?? await secretFile();
  const driver = await openStore(settings.storage);
  const server = createServer(TIMEOUTS);
  const print = options.print ?? ((text: string) => console.log(text));
  try {
    const port = await listen(server, { port: settings.port, ip });
    const { close, baseUrl, mailboxPath } = await serve(server, port, { settings, secret, driver, print });
    const url = `http://${settings.host.includes(":") ? `[${ip}]` : settings.host}:${port}`;
    print(welcome({ url, baseUrl, mailboxPath, settings, keepsSecret: options.secret === undefined }));
    return { url, close };
  } catch (error) {
    server.close();
    await driver.dispose();
    throw error;
  }
}

/** Mail that anybody on this machine may read is shown only where nobody else can ask for it. `NODE_ENV` decides nothing.
 * @throws {AuthError} `config_invalid` */
function checkMail({ smtp, baseUrl }: Settings, loopback: boolean): void {
  const { protocol, hostname } = new URL(baseUrl ?? "http://localhost");
  if (smtp !== null || (loopback && protocol === "http:" && SHOWS_MAIL.includes(hostname))) return;
  const where = "a base URL of http://localhost, and listening on this machine alone";
  throw unusable("email", `needs a server that takes it (--smtp): showing it in the terminal needs ${where}`);
}

/** Answers requests from here on. */
async function serve(
  server: Server,
  port: number,
  { settings, secret, driver, print }: Parts,
): Promise<
  { readonly baseUrl: string; readonly mailboxPath: string | null; readonly close: () => Promise<void> }
> {
  const { smtp, from, clientIp } = settings;
  const baseUrl = settings.baseUrl ?? `http://localhost:${port}`;
  const box: Mailbox | null = smtp === null
    ? mailbox(new URL(baseUrl).host, print, base64url(machine.random(16)))
    : null;
  const email: AuthOptions["email"] = box === null
    ? { from, ...(smtp !== null && { smtp }) }
    : { from, send: box.send };
  const auth = createAuth({ storage: driver, secret, baseUrl, clientIp, email, emailOtp: true, logger });
  const stop = stopper(server);
  server.on("request", toNodeListener(site(auth.handler, box)));
  await auth.ready();
  const stopSweeping = sweepHourly(auth.sweep, (message) => console.error(message));
  let closing: Promise<void> | undefined;
  return {
    baseUrl,
    mailboxPath: box?.path ?? null,
    close() {
      stopSweeping();
      return closing ??= stop().then(auth.close);
    },
  };
}

/** The terminal gets what somebody should look at: a failure that has a name as one line, a mistake in the code with all that is known
 * of it. */
const logger: Logger = {
  info() {},
  warn: (line) => console.warn(line),
  error(line: Partial<AuthEvent<"error">>) {
    const { code, message, cause } = line;
    if (code === "internal" || message === undefined) console.error(line);
    else console.error(cause === undefined ? message : `${message} (${Object(cause).message ?? cause})`);
  },
};

/** What the operator reads first. */
function welcome(
  { url, baseUrl, mailboxPath, settings, keepsSecret }: {
    readonly url: string;
    readonly baseUrl: string;
    readonly mailboxPath: string | null;
    readonly settings: Settings;
    readonly keepsSecret: boolean;
  },
): string {
  const { smtp, from } = settings;
  const storage = shown(settings.storage);
  return [
    `Latchkey is ready: open ${baseUrl}${url === baseUrl ? "" : ` (it listens on ${url})`}`,
    smtp === null
      ? `Mail is shown in this terminal and at ${baseUrl}${mailboxPath}; --smtp sends it instead.`
      : `Mail goes out through ${smtp.host}, from ${from}.`,
    `Accounts are kept in ${storage}${keepsSecret ? `, the secret in ${SECRET_FILE}` : ""}. Ctrl-C stops it.`,
  ].join("\n");
}
