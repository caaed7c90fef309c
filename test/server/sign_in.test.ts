// Signing in from the command line, with keys as OpenSSH and OpenSSL keep them, against a service that is played here.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { AuthError } from "../../src/errors.ts";
import { sentences } from "../../src/server/flags.ts";
import { HELP, signedIn } from "../../src/server/sign_in.ts";
import { ADA, BOB, openSshFile, pem, pkcs8File, publicBytes, spki } from "../suite/key_holder.ts";
import { type Answered, GRANT, type KeyService, keyService, type Odd } from "../suite/key_service.ts";
import { hasSsh, sshFolder, WITHOUT_SSH } from "../suite/ssh_keygen.ts";
import { type Command, folder, start } from "./command.ts";

const NO_PROGRAMS = { PATH: "/nowhere" };
const keys = sshFolder();
const services: KeyService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});
afterAll(() => keys.remove());

/** A service that knows the key of the tests. */
async function service(odd: Odd = {}, known: readonly string[] = [ADA.x]): Promise<KeyService> {
  const made = await keyService(known, odd);
  services.push(made);
  return made;
}

/** A file of somebody's, gone after the test. */
function file(text: string): string {
  const path = join(folder(), "id_ed25519");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function came({ ended, said }: Command) {
  return { status: await ended, ...said() };
}

/** What the command says that is not able to sign in. */
async function refusal(args: readonly string[]): Promise<readonly string[]> {
  try {
    return [`it printed ${await signedIn(args)}`];
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return sentences(error, {});
  }
}

const PRINTED = { status: 0, out: `${GRANT.accessToken}\n`, err: "" };

describe.skipIf(!hasSsh)(`by ssh-keygen${WITHOUT_SSH}`, () => {
  test("the token is printed alone, or with --json all that came with it", async () => {
    const key = keys.key("plain");
    const { url, heard } = await service({}, [key.line]);
    const [cwd, TMPDIR] = [folder(), folder()];
    expect(await came(start(cwd, ["sign-in", "--key", key.path, "--url", url], { TMPDIR }))).toEqual(PRINTED);
    expect([readdirSync(cwd), readdirSync(TMPDIR)]).toEqual([[], []]); // the message was in a file
    expect(heard.map(([path]) => path)).toEqual(["/auth/key/sign-in/start", "/auth/key/sign-in/finish"]);
    expect(heard[1]?.[1]).toEqual({
      challengeId: "challenge0",
      signature: expect.stringMatching(/^-----BEGIN SSH SIGNATURE-----\n/),
      session: "bearer",
    });
    const json = await came(start(cwd, ["sign-in", `--key=${key.path}`, `--url=${url}/`, "--json"]));
    expect([json.status, JSON.parse(json.out), json.err]).toEqual([0, GRANT, ""]);
  });

  test("with the agent, where the private key is in no file, by the name of either", async () => {
    const [agent, key] = [await keys.agent(), keys.key("kept")];
    agent.add(key);
    rmSync(key.path);
    const { url } = await service({}, [key.line]);
    for (const path of [key.path, `${key.path}.pub`]) {
      expect(await came(start(folder(), ["sign-in", "--key", path, "--url", url], agent.env))).toEqual(
        PRINTED,
      );
    }
    const without = await came(start(folder(), ["sign-in", "--key", key.path, "--url", url]));
    expect([without.status, without.out]).toEqual([1, ""]);
    expect(without.err).toMatch(
      /^ssh-keygen cannot sign with \S+\/kept: [^\n]*No private key found[^\n]*\.\n$/,
    );
  });

  test("a pass phrase is asked for; a wrong one is told", async () => {
    const key = keys.key("sealed", { passPhrase: "hush and hush" });
    const { url } = await service({}, [key.line]);
    const asking = (answer: string) => {
      const program = join(keys.path, `ask-${answer.length}`);
      writeFileSync(program, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o700 });
      return { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: "force" };
    };
    const args = ["sign-in", "--key", key.path, "--url", url];
    expect(await came(start(folder(), args, asking("hush and hush")))).toEqual(PRINTED);
    const wrong = await came(start(folder(), args, asking("wrong")));
    expect(wrong).toEqual({
      status: 1,
      out: "",
      err: expect.stringMatching(/incorrect passphrase[^\n]*\.\n$/),
    });
    const bare = await came(start(folder(), args, NO_PROGRAMS));
    expect(bare).toEqual({
      status: 1,
      out: "",
      err:
        `ssh-keygen must be installed to sign with ${key.path}: the private key has a pass phrase or is in an agent.\n`,
    });
  });

  test("the key that ssh-keygen makes where nothing is said is the one that is taken", async () => {
    const home = folder();
    const { path, line } = keys.key("usual");
    const { url } = await service({}, [line]);
    const missing = await came(start(home, ["sign-in", "--url", url], { HOME: home }));
    expect(missing.err).toMatch(/^\S+\/\.ssh\/id_ed25519 cannot be read: /);
    const usual = start(home, ["sign-in", "--url", url, "--key", `~/${path.split("/").at(-1)}`], {
      HOME: keys.path,
    });
    expect(await came(usual)).toEqual(PRINTED);
  });
});

test("without ssh-keygen the file of a key without a pass phrase is enough, that of OpenSSH or of OpenSSL", async () => {
  const { url, heard } = await service();
  for (const text of [openSshFile(ADA), pkcs8File(ADA)]) {
    const args = ["sign-in", "--key", file(text), "--url", url];
    expect(await came(start(folder(), args, NO_PROGRAMS))).toEqual(PRINTED);
  }
  expect(heard.filter(([path]) => path.endsWith("finish")).map(([, body]) => Object(body).signature)).toEqual(
    [
      expect.stringMatching(/^[\w-]{86}$/),
      expect.stringMatching(/^[\w-]{86}$/),
    ],
  );
});

test("what is wrong is a sentence on standard error, and nothing is on standard output", async () => {
  const { url } = await service({}, [BOB.x]);
  const refused = start(folder(), ["sign-in", "--key", file(pkcs8File(ADA)), "--url", url]);
  expect(await came(refused)).toEqual({
    status: 1,
    out: "",
    err: `${url} refuses: This sign-in was used. Start again.\n`,
  });
});

test("--help tells every flag", async () => {
  expect(await signedIn(["--help", "--url", "nonsense"])).toBe(HELP);
  for (const flag of ["--url", "--key", "--issuer", "--json", "--help"]) expect(HELP).toContain(flag);
});

test.each<[string, readonly string[], RegExp]>([
  ["no URL", [], /^--url must say where to sign in: https:\/\/app\.example\.com\/auth\.$/],
  ["an empty URL", ["--url", ""], /^--url must be followed by a value\.$/],
  ["no URL but a word", ["--url", "app.example.com/auth"], /^--url must be like https:/],
  [
    "plain HTTP to another machine",
    ["--url", "http://app.example.com/auth"],
    /^--url must be https:\/\/ outside this machine: whoever is on the way reads the token\.$/,
  ],
  [
    "plain HTTP in its own network",
    ["--url", "http://192.168.1.2/auth"],
    /^--url must be https:\/\/ outside/,
  ],
  [
    "plain HTTP to a name like ours",
    ["--url", "http://localhost.example/"],
    /^--url must be https:\/\/ outside/,
  ],
  ["a URL of a file", ["--url", "file:///auth"], /^--url must be like https:/],
  ["a URL with a password", ["--url", "https://a:b@app.example.com/auth"], /^--url must be like https:/],
  ["a URL with a query", ["--url", "https://app.example.com/auth?a=b"], /^--url must be like https:/],
  ["a flag that is none", ["--port", "1"], /^--port is not a flag: --help lists those there are\.$/],
  ["a word more", ["now"], /^now is not a flag: --help lists those there are\.$/],
])("%s is told", async (_, args, sentence) => {
  expect(await refusal(args)).toEqual([expect.stringMatching(sentence)]);
});

test.each<[string, string, RegExp]>([
  ["no key", "not a key", /holds no Ed25519 key: `ssh-keygen -t ed25519` makes one\.$/],
  ["a key of another kind", pkcs8File(ADA, [0x2b, 0x65, 0x6e]), /holds no Ed25519 key/],
  [
    "a sealed key of OpenSSL",
    pem(new Uint8Array(9), "ENCRYPTED PRIVATE KEY"),
    /has a pass phrase, .*openssl pkey/,
  ],
])("a file with %s is told", async (_, text, sentence) => {
  const path = file(text);
  const [told = "", ...more] = await refusal(["--url", "http://127.0.0.1:9/auth", "--key", path]);
  expect([told.startsWith(`${path} `), more]).toEqual([true, []]);
  expect(told).toMatch(sentence);
});

test("a file that is not there, and a folder, are told", async () => {
  const cwd = folder();
  for (const path of [join(cwd, "missing"), cwd]) {
    const [told] = await refusal(["--url", "http://127.0.0.1:9/auth", "--key", path]);
    expect(told).toMatch(new RegExp(`^${path} cannot be read: `));
  }
});

const START = "/auth/key/sign-in/start";
const FINISH = "/auth/key/sign-in/finish";
const NONE =
  /^http:\/\/127\.0\.0\.1:\d+\/auth does not sign in by key pairs: --url must be like https:\/\/app\.example/;

/** The service's answer with something else in it. */
function saying(more: object): (own: Answered) => Answered {
  return (own) => ({ ...own, body: { ...Object(own.body), ...more } });
}

test.each<[string, Readonly<Record<string, (own: Answered) => Answered>>, RegExp]>([
  ["a page", { [START]: () => ({ status: 200, body: "<html>" }) }, NONE],
  ["nothing there", { [START]: () => ({ status: 404, body: "nothing" }) }, NONE],
  [
    "nothing there of ours",
    { [START]: () => ({ status: 404, body: { code: "not_found", message: "No." } }) },
    NONE,
  ],
  ["a list", { [START]: () => ({ status: 200, body: [1] }) }, NONE],
  ["null", { [START]: () => ({ status: 200, body: null }) }, NONE],
  ["a failure without a word", { [START]: () => ({ status: 500, body: "" }) }, NONE],
  ["no challenge", { [START]: saying({ challengeId: undefined }) }, NONE],
  ["no time", { [START]: saying({ expiresAt: "soon" }) }, NONE],
  ["no message", { [START]: saying({ message: 1 }) }, NONE],
  ["no token", { [FINISH]: saying({ accessToken: undefined }) }, NONE],
  ["a token for terminals", { [FINISH]: saying({ accessToken: "a\x1b[2J" }) }, NONE],
  ["a limit", {
    [START]: () => ({ status: 429, body: { code: "rate_limited", message: "Too many requests." } }),
  }, /^http\S+ refuses: Too many requests\.$/],
  ["a sentence for terminals", {
    [FINISH]: () => ({ status: 401, body: { code: "x", message: "a\x1b[2J\nb\u202e" } }),
  }, /^http\S+ refuses: a \[2J b \.$/],
  ["somebody else", {
    [START]: () => ({ status: 307, body: {}, headers: { Location: "https://elsewhere.example/auth" } }),
  }, /^http\S+ leads elsewhere: if https:\/\/elsewhere\.example\/auth is right, say so in --url\.$/],
])("a service that answers with %s is told", async (_, answers, sentence) => {
  const { url, heard } = await service({ answers });
  const told = await refusal(["--url", url, "--key", file(pkcs8File(ADA))]);
  expect(told).toEqual([expect.stringMatching(sentence)]);
  expect(heard).toHaveLength(FINISH in answers ? 2 : 1);
});

test("plain HTTP is taken to this machine, by any of its names", async () => {
  const { url, close, heard } = await service();
  await close();
  for (const name of ["localhost", "app.localhost", "[::1]", "127.0.0.2"]) {
    const flags = ["--url", url.replace("127.0.0.1", name), "--key", file(pkcs8File(ADA))];
    expect(await refusal(flags)).toEqual([expect.stringContaining("cannot be reached")]);
  }
  expect(heard).toEqual([]);
});

test("with --json nothing in the reply steers a terminal, and it reads as it was sent", async () => {
  const odd = { user: { id: "ada", name: "\x1b[2J\x7f\x9b31m\u202eada\u{1f511}\ud800" } };
  const { url } = await service({ answers: { [FINISH]: saying(odd) } });
  const printed = await signedIn(["--url", url, "--key", file(pkcs8File(ADA)), "--json"]);
  expect(printed).toMatch(/^[ -~\n]+$/);
  expect(JSON.parse(printed)).toEqual({ ...GRANT, ...odd });
});

test("a service that cannot be reached is told", async () => {
  const { url, close } = await service();
  await close();
  const [told = "", ...more] = await refusal(["--url", url, "--key", file(pkcs8File(ADA))]);
  expect(more).toEqual([]);
  expect(told).toMatch(/^http\S+ cannot be reached: [^\n]*[^.]\.$/);
});

/** A service that asks as another would, and the flags that sign in there by the key of the tests. */
async function asking(asks: NonNullable<Odd["asks"]>) {
  const { url, heard } = await service({ asks });
  return { url, heard, flags: ["--url", url, "--key", file(pkcs8File(ADA))] };
}

describe("nothing is signed but a sign-in where the URL leads", () => {
  test.each<[string, (own: string) => string]>([
    ["at another path of the same origin", (own) => `${own}/other`],
    ["at the root", (own) => own.replace("/auth", "")],
    ["at the path spelled otherwise", (own) => own.replace("/auth", "/Auth")],
    ["at another port", (own) => own.replace("/auth", "0/auth")],
    ["at another scheme", (own) => own.replace("http:", "https:")],
    ["somewhere else", () => "https://bank.example/auth"],
  ])("a challenge for a sign-in %s is refused, whoever its issuer is", async (_, elsewhere) => {
    const { url, heard, flags } = await asking((own) => ({ ...own, at: elsewhere(own.at) }));
    const told = `${url} asks to sign in at ${elsewhere(url)}, so nothing was signed: ` +
      "if that is right, say so in --url.";
    const named = [...flags, "--issuer", new URL(url).origin];
    expect([await refusal(flags), await refusal(named)]).toEqual([[told], [told]]);
    expect(heard.map(([path]) => path)).toEqual([START, START]);
  });

  test("the URL may be spelled otherwise than the service spells it", async () => {
    const { url, flags } = await asking((own) => own);
    for (const given of [`${url}//`, url.replace("http://127.0.0.1", "HTTP://127.1")]) {
      expect(await signedIn([...flags, "--url", given])).toBe(GRANT.accessToken);
    }
  });

  test("the issuer may be any URL of its origin", async () => {
    for (const path of ["", "/", "/auth", "/tenants/7"]) {
      const { flags } = await asking((own) => ({ ...own, issuer: own.issuer + path }));
      expect(await signedIn(flags)).toBe(GRANT.accessToken);
    }
  });

  test.each<[issuer: string, hint: string]>([
    ["accounts", ": if that is what the service calls itself, say --issuer accounts"],
    ["urn:accounts", ": if that is what the service calls itself, say --issuer urn:accounts"],
    ["https://bank.example", ""],
    ["http://127.0.0.1:1", ""],
  ])("%s as the issuer must be named, and is suggested if it is no URL", async (issuer, hint) => {
    const { url, heard, flags } = await asking((own) => ({ ...own, issuer }));
    const told = [`${url} asks to sign in for ${issuer}, so nothing was signed${hint}.`];
    expect(await refusal(flags)).toEqual(told);
    expect(await refusal([...flags, "--issuer", "another"])).toEqual(told);
    expect(heard.map(([path]) => path)).toEqual([START, START]);
    expect(await signedIn([...flags, "--issuer", issuer])).toBe(GRANT.accessToken);
  });

  test("an issuer that is more than a word is signed for where it is named, too", async () => {
    const { flags } = await asking((own) => ({ ...own, issuer: "Ada & söhne" }));
    expect(await refusal(flags)).toEqual([expect.stringContaining("something else than a sign-in")]);
    expect(await signedIn([...flags, "--issuer", "Ada & söhne"])).toBe(GRANT.accessToken);
  });

  test.each<[string, Odd]>([
    ["to add a key", { asks: (own) => ({ ...own, purpose: "add", account: "b2c3" }) }],
    ["by another key", { asks: (own) => ({ ...own, key: BOB.x }) }],
    ["of another challenge", { asks: (own) => ({ ...own, challengeId: "other" }) }],
    ["of an issuer that would run in a shell", {
      asks: (own) => ({ ...own, issuer: "https://a.example;reboot" }),
    }],
    ["with another end", { asks: (own) => ({ ...own, expiresAt: 1 }) }],
    ["that is another text", { answers: { [START]: saying({ message: "I owe you a million." }) } }],
    ["with a line more", altered((text) => `${text}\n`)],
    ["with two places", altered((text) => text.replace(/^At: .*/m, "$&\nAt: https://bank.example/auth"))],
    ["with two places, ours last", altered((text) => text.replace(/^At: .*/m, "At: https://a.example\n$&"))],
    ["with two issuers", altered((text) => text.replace(/^Issuer: .*/m, "$&\nIssuer: https://a.example"))],
    ["without a place", altered((text) => text.replace(/^At: .*\n/m, ""))],
    ["without an issuer", altered((text) => text.replace(/^Issuer: .*\n/m, ""))],
    ["of a challenge that is more than one line", {
      answers: {
        [START]: (own) => {
          const { challengeId, message } = Object(own.body);
          const more = `${challengeId}\nAt: https://bank.example/auth`;
          return saying({ challengeId: more, message: message.replace(challengeId, more) })(own);
        },
      },
    }],
  ])("a message %s is not", async (_, odd) => {
    const { url, heard } = await service(odd);
    expect(await refusal(["--url", url, "--key", file(pkcs8File(ADA))])).toEqual([
      `${url} asks to sign something else than a sign-in: nothing was signed.`,
    ]);
    expect(heard).toHaveLength(1);
  });
});

/** A service whose message has something else in it. */
function altered(other: (text: string) => string): Odd {
  return { answers: { [START]: (own) => saying({ message: other(Object(own.body).message) })(own) } };
}

test("a public key alone signs nothing where there is no agent", async () => {
  const { url } = await service();
  const [told] = await refusal(["--url", url, "--key", file(pem(spki(publicBytes(ADA))))]);
  expect(told).toMatch(/^ssh-keygen (cannot|must be installed to) sign with /);
});
