import { createServer, type Server } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** A mail server on this machine: what arrived, read by a parser that knows nothing of who wrote it. */
export interface PostOffice {
  readonly port: number;
  readonly arrived: readonly Arrived[];
  /** How many are connected. */
  readonly connected: () => number;
  /** Takes no more, and resolves when nobody is connected any more. */
  readonly close: () => Promise<void>;
}

export interface Arrived {
  /** Whom the envelope names, as the server was told. */
  readonly recipients: readonly string[];
  readonly sender: string;
  readonly mail: ParsedMail;
}

/** Without `account` anybody may send; without `port` it is any free one. */
export async function postOffice(
  { account, port = 0 }: {
    readonly account?: { readonly user: string; readonly pass: string };
    readonly port?: number;
  } = {},
): Promise<PostOffice> {
  const arrived: Arrived[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: account === undefined,
    allowInsecureAuth: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      const known = username === account?.user && password === account?.pass;
      done(known ? null : new Error("535 who are you"), { user: username });
    },
    onData(stream, { envelope }, done) {
      simpleParser(stream).then((mail) => {
        const sender = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        arrived.push({ sender, recipients: envelope.rcptTo.map(({ address }) => address), mail });
        done();
      }, done);
    },
  });
  return {
    port: await listening(server.server, port),
    arrived,
    connected: () => server.connections.size,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A port of this machine that nobody listens at. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) {
    throw new Error("a server that listens has an address");
  }
  return address.port;
}
