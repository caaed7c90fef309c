import { connect, createServer, type Server, type Socket } from "node:net";
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

/** How a post office is out of order. */
export interface Trouble {
  /** Which command is refused, and with what. */
  readonly at: "MAIL FROM" | "RCPT TO" | "DATA";
  /** `"451 later"`; or whoever sends is left without an answer. */
  readonly says: string | "hangs up";
}

/** Without `account` anybody may send; without `port` it is any free one. */
export async function postOffice(
  { account, port = 0, trouble }: {
    readonly account?: { readonly user: string; readonly pass: string };
    readonly port?: number;
    readonly trouble?: (recipient: string) => Trouble | undefined;
  } = {},
): Promise<PostOffice> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  const hangUp = () => sockets.forEach((socket) => socket.destroy());
  const judged = (at: Trouble["at"], recipient: string): Error | null => {
    const found = trouble?.(recipient);
    if (found?.at !== at) return null;
    const [code = "", ...words] = found.says.split(" ");
    return Object.assign(new Error(words.join(" ")), { responseCode: Number(code) });
  };
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    authOptional: account === undefined,
    allowInsecureAuth: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      const known = username === account?.user && password === account?.pass;
      done(known ? null : new Error("535 who are you"), { user: username });
    },
    onMailFrom: (_address, _session, done) => done(judged("MAIL FROM", "")),
    onRcptTo: ({ address }, _session, done) => done(judged("RCPT TO", address)),
    onData(stream, { envelope }, done) {
      simpleParser(stream).then((mail) => {
        const sender = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        const recipients = envelope.rcptTo.map(({ address }) => address);
        const refused = judged("DATA", recipients[0] ?? "");
        const isLost = trouble?.(recipients[0] ?? "")?.says === "hangs up";
        if (refused === null || isLost) arrived.push({ sender, recipients, mail });
        if (isLost) hangUp();
        else done(refused);
      }, done);
    },
  });
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return {
    port: await listening(server.server, port),
    arrived,
    connected: () => server.connections.size,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A server that lets everybody connect, and says nothing. */
export async function silentOffice(): Promise<{
  readonly port: number;
  /** Resolves when somebody has connected. */
  readonly visited: Promise<void>;
  /** How many are still there. */
  readonly visitors: () => number;
  /** From now on another post office speaks through this one, to whoever is still there too. */
  readonly speak: (port: number) => void;
  readonly close: () => void;
}> {
  const sockets: Socket[] = [];
  const server = createServer();
  const visited = new Promise<void>((resolve) => {
    server.on("connection", (socket) => {
      sockets.push(socket.on("error", () => {})); // whoever hung up has given up
      resolve();
    });
  });
  return {
    port: await listening(server, 0),
    visited,
    visitors: () => sockets.filter((socket) => !socket.closed).length,
    speak(port) {
      for (const socket of sockets) {
        const behind = connect(port, "127.0.0.1").on("error", () => {});
        socket.pipe(behind).pipe(socket);
      }
    },
    close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
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
