// The command line, from its first start to the signal that ends it.
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FORMS } from "../../drivers/open.ts";
import { postOffice } from "../suite/post_office.ts";
import { hasRedis, redisServer } from "../suite/redis_server.ts";
import { folder, post, replyOf, SECRET, serve, start } from "./command.ts";

test("a new user starts it, signs in with the code from the terminal, and is signed in after a restart", async () => {
  const cwd = folder();
  const first = await serve(cwd);
  const { out, err } = first.said();
  expect([out.replace(/key=[\w-]{22}/, "key=…"), err]).toEqual([
    [
      `Latchkey is ready: open http://localhost:${first.port}`,
      `Mail is shown in this terminal and at http://localhost:${first.port}/dev/mailbox?key=…; --smtp sends it instead.`,
      "Accounts are kept in sqlite:.latchkey/auth.db, the secret in .latchkey/secret. Ctrl-C stops it.\n",
    ].join("\n"),
    "",
  ]);
  expect(await (await fetch(`${first.url}/auth/health`)).json()).toEqual({ status: "ok" });

  const started = await post(first.url, "/auth/email/start", { email: "Ada@Example.com" });
  const { challengeId } = await started.json();
  const [, code] = await first.says(/To: ada@example\.com\nSubject: .*\n\nYour code is (\d{6})\./);
  const verified = await post(first.url, "/auth/email/verify", { challengeId, code });
  expect(verified.status).toBe(201);
  const [cookie = ""] = verified.headers.getSetCookie().map((value) => value.split(";", 1)[0]);
  const { user } = await whoIs(first.url, cookie);
  expect(user).toMatchObject({ email: "ada@example.com", emailVerified: true });

  first.signal("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(first.said().err).toBe("");

  const second = await serve(cwd, ["--port", String(first.port)]);
  expect((await whoIs(second.url, cookie)).user).toEqual(user);
  second.signal("SIGINT");
  expect(await second.ended).toBe(0);
});

test("a signal lets the request that is under way finish, and takes no new one", async () => {
  const server = await serve(folder());
  const body = JSON.stringify({ email: "ada@example.com" });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `POST /auth/email/start HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/json\r\n` +
      `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  const [arrived] = await once(socket, "data");
  expect(String(arrived)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  const reply = heard(socket);
  server.signal("SIGTERM");
  while (await accepts(server.port));
  socket.write(body.slice(5));
  expect(replyOf(await reply)).toMatchObject({ status: 200, body: expect.stringContaining("challengeId") });
  expect(await server.ended).toBe(0);
});

test("with an SMTP server, mail goes out through it and is shown to nobody here", async () => {
  const office = await postOffice({ account: { user: "ada", pass: "p@ss,word" } });
  try {
    const smtp = `smtp://ada:p%40ss%2Cword@127.0.0.1:${office.port}`;
    const server = await serve(folder(), ["--smtp", smtp, "--base-url", "https://auth.example.com"]);
    expect(server.url).toBe("https://auth.example.com");
    expect(server.said().out).toContain("Mail goes out through 127.0.0.1, from no-reply@auth.example.com.");
    const here = `http://localhost:${server.port}`;
    const ada = { email: "ada@example.com" };
    expect((await post(here, "/auth/email/start", ada, undefined, server.url)).status).toBe(200);
    expect(office.arrived).toEqual([
      expect.objectContaining({ sender: "no-reply@auth.example.com", recipients: ["ada@example.com"] }),
    ]);
    expect((await fetch(`${here}/dev/mailbox`)).status).toBe(404);
    expect(server.said().out).not.toContain("Your code is");
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
  } finally {
    await office.close();
  }
});

test("the secret is made once, for its owner alone, however many ask for it at once", async () => {
  const cwd = folder();
  const script = new URL("many_secrets.ts", import.meta.url);
  const two = [start(cwd, [], {}, script), start(cwd, [], {}, script)];
  expect(await Promise.all(two.map(({ ended }) => ended))).toEqual([0, 0]);
  const secret = readFileSync(join(cwd, ".latchkey/secret"), "utf8");
  expect(secret).toMatch(/^[\w-]{43}\n$/);
  expect(two.map(({ said }) => said())).toEqual([{ out: secret, err: "" }, { out: secret, err: "" }]);
  expect(readdirSync(join(cwd, ".latchkey"))).toEqual(["secret"]);
  expect(statSync(join(cwd, ".latchkey")).mode & 0o777).toBe(0o700);
  expect(statSync(join(cwd, ".latchkey/secret")).mode & 0o777).toBe(0o600);
});

test("LATCHKEY_SECRET is used in place of a file, and a list of them is a rotation", async () => {
  const cwd = folder();
  const storage = ["--storage", "sqlite:.latchkey/auth.db"];
  const newer = SECRET.split("").toReversed().join("");
  const first = await serve(cwd, storage, { LATCHKEY_SECRET: SECRET });
  expect(existsSync(join(cwd, ".latchkey/auth.db"))).toBe(true);
  expect(existsSync(join(cwd, ".latchkey/secret"))).toBe(false);
  first.signal("SIGTERM");
  await first.ended;

  const stranger = start(cwd, ["--port", "0", ...storage], { LATCHKEY_SECRET: newer });
  expect(await stranger.ended).toBe(2);
  expect(stranger.said()).toEqual({
    out: "",
    err: "The store is sealed under a secret that is not configured.\n",
  });
  const rotated = await serve(cwd, storage, { LATCHKEY_SECRET: `${newer}, ${SECRET}` });
  rotated.signal("SIGTERM");
  expect(await rotated.ended).toBe(0);
  const after = await serve(cwd, storage, { LATCHKEY_SECRET: newer }); // the rotation sealed it anew
  expect((await fetch(`${after.url}/auth/health`)).status).toBe(200);
});

test("a flag wins over its variable, and an empty variable is none", async () => {
  const env = { LATCHKEY_STORAGE: "memory:", LATCHKEY_BASE_URL: "nonsense", HOST: "", PORT: "nonsense" };
  const server = await serve(folder(), ["--base-url", "http://127.0.0.1:1"], env);
  expect(server.url).toBe("http://127.0.0.1:1");
  expect(server.said().out).toMatch(/it listens on http:\/\/localhost:\d+\)[^]*kept in memory:,/);
});

test("records that are files of their own are kept in a folder of ours, which is made", async () => {
  const cwd = folder();
  const server = await serve(cwd, ["--storage", "fs:.latchkey/store"], { LATCHKEY_SECRET: SECRET });
  expect(server.said().out).toContain("Accounts are kept in fs:.latchkey/store.");
  expect(readdirSync(join(cwd, ".latchkey"))).toEqual(["store"]);
  expect(statSync(join(cwd, ".latchkey")).mode & 0o777).toBe(0o700);
  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
});

test.skipIf(!hasRedis)("a Redis is used with its password, which is never shown", async () => {
  const redis = await redisServer(["--requirepass", "hu@sh"]);
  try {
    const store = `127.0.0.1:${redis.port}`;
    const server = await serve(folder(), [], { LATCHKEY_STORAGE: `redis://:hu%40sh@${store}` });
    expect(server.said().out).toContain(`Accounts are kept in redis://${store}, the secret`);
    expect((await post(server.url, "/auth/email/start", { email: "ada@example.com" })).status).toBe(200);
    await redis.stop();
    expect((await post(server.url, "/auth/email/start", { email: "ada@example.com" })).status).toBe(503);
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(Object.values(server.said()).join("")).not.toMatch(/hu(@|%40)sh/);
  } finally {
    await redis.stop();
  }
});

test("a store that is not there as it is started is told by the name of the flag", async () => {
  const command = start(folder(), ["--port", "0", "--storage", "deno-kv:"]);
  expect(await command.ended).toBe(2);
  expect(command.said().err).toMatch(/^--storage needs Deno, run with --unstable-kv\..+\n$/);
});

test.each([
  ["a flag that is none", ["--prot", "3000"], {}, "--prot is not a flag: --help lists those there are."],
  ["a bad value", ["--storage", "x:"], {}, `--storage must be ${FORMS}: there is no "x:".`],
  ["a bad variable", [], { PORT: "3000x" }, 'PORT must be a number: it is "3000x".'],
])("%s ends it with status 2 and a sentence", async (_, flags, env, sentence) => {
  const command = start(folder(), flags, env);
  expect(await command.ended).toBe(2);
  expect(command.said()).toEqual({ out: "", err: `${sentence}\n` });
});

test("two things wrong with the configuration are two sentences", async () => {
  const command = start(folder(), ["--port", "99999", "--storage", "x:"]);
  expect(await command.ended).toBe(2);
  expect(command.said().err.split("\n")).toEqual([
    `--storage must be ${FORMS}: there is no "x:".`,
    "--port must be a whole number from 0 to 65535: it is 99999.",
    "",
  ]);
});

test("a port that is in use is named, and the store is not touched", async () => {
  const cwd = folder();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = Object(other.address());
  const command = start(cwd, ["--host", "127.0.0.1"], { PORT: String(port) });
  expect(await command.ended).toBe(2);
  expect(command.said()).toEqual({ out: "", err: `PORT must be free: ${port} on 127.0.0.1 is taken.\n` });
  await new Promise((resolve) => other.close(resolve));
});

test("a database that cannot be opened is named", async () => {
  const cwd = folder();
  const missing = start(cwd, ["--port", "0", "--storage", "sqlite:no/such/folder/auth.db"]);
  expect(await missing.ended).toBe(2);
  expect(missing.said().err).toMatch(
    /^\S+\/no\/such\/folder\/auth\.db cannot be opened as a database: .+\.\n$/,
  );

  writeFileSync(join(cwd, "notes.txt"), "this is no database, and is not made one ".repeat(200));
  const foreign = start(cwd, ["--port", "0", "--storage", "sqlite:notes.txt"]);
  expect(await foreign.ended).toBe(2);
  expect(foreign.said().err).toMatch(/^\S+\/notes\.txt cannot be opened as a database: .+\.\n$/);
});

test("a secret file that others can read, that is too short, or that is none, is refused", async () => {
  const cwd = folder();
  const path = join(cwd, ".latchkey/secret");
  mkdirSync(join(cwd, ".latchkey"));
  const refusal = async () => {
    const command = start(cwd, ["--port", "0", "--storage", "memory:"]);
    expect(await command.ended).toBe(2);
    return command.said().err;
  };
  writeFileSync(path, SECRET);
  chmodSync(path, 0o640);
  expect(await refusal()).toBe(
    ".latchkey/secret can be used by others than its owner: run `chmod 600 .latchkey/secret`.\n",
  );
  chmodSync(path, 0o600);
  writeFileSync(path, "hush");
  expect(await refusal()).toBe(
    ".latchkey/secret[0] must be at least 32 characters long: it has 4; make one with `openssl rand -base64 32`.\n",
  );
  const elsewhere = folder();
  writeFileSync(join(elsewhere, ".latchkey"), "a file where the folder should be");
  const command = start(elsewhere, ["--port", "0"]);
  expect(await command.ended).toBe(2);
  expect(command.said().err).toMatch(/^\.latchkey\S* cannot be (?:read|made)[^\n]*\.\n$/);
});

test("--help tells every flag and variable, --version the version, and neither starts anything", async () => {
  const help = start(folder(), ["--help", "--port", "0"]);
  expect(await help.ended).toBe(0);
  const names = [
    "--port",
    "--host",
    "--storage",
    "--base-url",
    "--smtp",
    "--mail-from",
    "--help",
    "--version",
  ];
  const variables = ["PORT", "HOST", "STORAGE", "BASE_URL", "SMTP", "MAIL_FROM", "SECRET"];
  const { out, err } = help.said();
  expect([...names, ...variables].filter((name) => !out.includes(name))).toEqual([]);
  expect(err).toBe("");

  const version = start(folder(), ["--version"]);
  expect(await version.ended).toBe(0);
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(version.said()).toEqual({ out: `${manifest.version}\n`, err: "" });
});

async function whoIs(url: string, cookie: string) {
  return await (await fetch(`${url}/auth/session`, { headers: { Cookie: cookie } })).json();
}

/** Everything that comes until the other side has no more to say. */
async function heard(socket: Socket): Promise<string> {
  let all = "";
  for await (const chunk of socket) all += chunk;
  return all;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return await new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).then((accepted) => {
    socket.destroy();
    return accepted === true;
  });
}
