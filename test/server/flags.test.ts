// What the command line and the environment say: every mistake in them is one sentence that names it.
import { expect, test } from "vitest";
import { FORMS } from "../../drivers/open.ts";
import { AuthError } from "../../src/errors.ts";
import { commandOf, HELP, type Named, sentences } from "../../src/server/flags.ts";
import { startServer } from "../../src/server/server.ts";
import { shown } from "../../src/server/storage.ts";
import { SECRET } from "./command.ts";

test("flags and variables become options; a flag wins, and an empty variable is none", () => {
  const env = { PORT: "4000", HOST: "::1", LATCHKEY_STORAGE: "", LATCHKEY_SECRET: "new, old" };
  expect(commandOf(["--port=5000", "--base-url", "https://a.test"], env)).toEqual({
    is: "start",
    options: { port: 5000, host: "::1", baseUrl: "https://a.test", secret: ["new", "old"] },
    named: {
      port: "--port",
      host: "HOST",
      storage: "--storage",
      baseUrl: "--base-url",
      smtp: "--smtp",
      mailFrom: "--mail-from",
      trustedProxies: "--trusted-proxies",
      secret: "LATCHKEY_SECRET",
    },
  });
});

test("--help and --version win over everything else", () => {
  expect(commandOf(["--port", "1", "--help"], {})).toEqual({ is: "help" });
  expect(commandOf(["--version"], { PORT: "x" })).toEqual({ is: "version" });
});

type Refused = readonly [flags: string, sentence: string, env?: Record<string, string>];

const REFUSED: readonly Refused[] = [
  ["--prot 3000", "--prot is not a flag: --help lists those there are."],
  ["-p 3000", "-p is not a flag: --help lists those there are."],
  ["--secret=hush", "--secret is not a flag: --help lists those there are."],
  ["serve", "serve is not a flag: --help lists those there are."],
  ["--port", "--port must be followed by a value."],
  ["--host=", "--host must be followed by a value."],
  ["--port http", '--port must be a number: it is "http".'],
  ["--port -1", '--port must be a number: it is "-1".'],
  ["--port 65536", "--port must be a whole number from 0 to 65535: it is 65536."],
  ["--trusted-proxies no", '--trusted-proxies must be a number: it is "no".'],
  ["--trusted-proxies 0", "--trusted-proxies must be a whole number from 1 to 16: it is 0."],
  ["", 'PORT must be a number: it is "3000x".', { PORT: "3000x" }],
  ["--host nowhere.invalid", "--host must be a name or an address of this machine: nowhere.invalid is none."],
  ["", "HOST must be a name or an address of this machine: a b is none.", { HOST: "a b" }],
  ["--storage postgres://ada:hush@x", `--storage must be ${FORMS}: there is no "postgres:".`],
  ["--storage sqlite:", '--storage must name a file after "sqlite:".'],
  ["--storage redis://:hush@", "--storage must be like redis://HOST:PORT."],
  ["", 'LATCHKEY_STORAGE must be "memory:" with nothing after it.', { LATCHKEY_STORAGE: "memory:x" }],
  ...["x", "file:x"].map((url) =>
    [
      `--storage ${url}`,
      '--storage must say what it is: "sqlite:PATH" for one file, "fs:FOLDER" for a folder of files.',
    ] as const
  ),
  [
    "--base-url localhost",
    '--base-url must be an origin like "https://auth.example.com", without a path.',
  ],
  ["--base-url http://example.com --smtp smtp://x", "--base-url must be https:// outside this machine."],
  ...["http://x", "smtp://", "smtp://x/y", "smtp://user@x", "smtp://%zz:y@x"].map((url) =>
    [
      `--smtp ${url}`,
      '--smtp must be like "smtp://user:pass@mail.example.com:587", or smtps:// and its port 465.',
    ] as const
  ),
  [
    "--smtp smtp://x",
    'LATCHKEY_MAIL_FROM must be an address like "Example <no-reply@example.com>".',
    { LATCHKEY_MAIL_FROM: "me" },
  ],
  [
    "",
    "LATCHKEY_SECRET[1] must be at least 32 characters long: it has 5; make one with `openssl rand -base64 32`.",
    {
      LATCHKEY_SECRET: `${SECRET},short`,
    },
  ],
  ...[["--host", "0.0.0.0"], ["--base-url", "https://example.com"], ["--base-url", "http://127.0.0.2"]].map((
    flags,
  ) =>
    [
      flags.join(" "),
      "email needs a server that takes it (--smtp): showing it in the terminal needs a base URL of http://localhost, " +
      "and listening on this machine alone.",
    ] as const
  ),
];

for (const [flags, sentence, env = {}] of REFUSED) {
  test(`${flags} ${Object.keys(env).join()}: ${sentence}`, async () => {
    expect(await refusal(flags.split(" ").filter((flag) => flag !== ""), env)).toEqual([sentence]);
  });
}

test("--help tells every store that can be opened", () => {
  expect(HELP).toContain(`      ${FORMS} [sqlite:.latchkey/auth.db]\n`);
});

test("a store is shown without the user and the password of its url", () => {
  const urls = {
    "redis://localhost:6379/1": "redis://localhost:6379/1",
    "redis://:hush@localhost:6379/1": "redis://localhost:6379/1",
    "rediss://ada:hu%2Fsh@10.0.0.1": "rediss://10.0.0.1",
    "rediss://ada:hu@sh@10.0.0.1": "rediss://10.0.0.1",
    "deno-kv:https://ada:hush@kv.example.com/db": "deno-kv:https://kv.example.com/db",
    "deno-kv:": "deno-kv:",
    "sqlite:ada@home/auth.db": "sqlite:ada@home/auth.db",
    "fs:a//b@c": "fs:a//b@c",
  };
  expect(Object.keys(urls).map(shown)).toEqual(Object.values(urls));
});

test.each(["memory:", "sqlite::memory:", ...("Deno" in globalThis ? ["deno-kv::memory:"] : [])])(
  "it starts on %s, and says so",
  async (storage) => {
    const said: string[] = [];
    const server = await startServer({ port: 0, storage, secret: SECRET, print: (text) => said.push(text) });
    expect(await (await fetch(`${server.url}/auth/health`)).json()).toEqual({ status: "ok" });
    await server.close();
    expect(said.join("")).toContain(`Accounts are kept in ${storage}.`);
  },
);

/** What the command line would say before it ends with status 2. */
async function refusal(flags: readonly string[], env: Record<string, string>): Promise<readonly string[]> {
  let named: Named = {};
  try {
    const command = commandOf(flags, env);
    if (command.is !== "start") return [];
    named = command.named;
    const defaults = { port: 0, storage: "memory:", secret: SECRET, print: () => {} };
    await (await startServer({ ...defaults, ...command.options })).close();
    return [];
  } catch (error) {
    if (error instanceof AuthError) return sentences(error, named);
    throw error;
  }
}
