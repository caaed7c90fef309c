// The package as npm has it: built, packed, installed in projects of their own and used there, on each runtime. On Node alone: the
// other runtimes are started from here.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { doors } from "../../tools/package.ts";
import { ADA, pkcs8File } from "../suite/key_holder.ts";
import { GRANT, keyService } from "../suite/key_service.ts";
import { environment, type Packed, packed, project, ROOT, run, RUNTIMES, scratch, tried } from "./scratch.ts";

const place = scratch();
let made: Packed;
let installed: string;

beforeAll(async () => {
  made = await packed(place);
  installed = project(place, made);
}, 120_000);
afterAll(() => place.remove());

test("the archive has the doors, the server's command and what is to be read, and nothing else", () => {
  const modules = doors().flatMap(({ file }) => [`${file}.d.ts`, `${file}.js`]);
  const pages = [
    ...["architecture", "configuration", "errors", "events", "guarantees", "idempotency", "keys", "limits"],
    ...[
      "magic-links",
      "mail",
      "operations",
      "passkeys",
      "passwords",
      "performance",
      "plug-ins",
      "production",
      "routes",
      "sessions",
      "stores",
    ],
    ...["testing", "tokens", "users"],
  ].map((name) => `docs/${name}.md`);
  const charts = ["bearer", "code", "passkey", "refresh", "session", "session_handler"].map((name) =>
    `docs/charts/${name}.svg`
  );
  const texts = ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "examples/sms_plugin.ts"];
  expect(made.files).toEqual(
    [...modules, "latchkey.js", "wasm_thread.js", "package.json", ...texts, ...pages, ...charts].sort(),
  );
});

test("what a page of it leads to is in it, and goes to JSR too", () => {
  const { publish } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const pages = made.files.filter((path) => path.endsWith(".md"));
  const links = pages.flatMap((page) => {
    const text = readFileSync(join(made.folder, page), "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)\s]*)?\)/g)].map(([, to = ""]) =>
      join(dirname(page), to)
    );
  });
  expect(new Set(links).size).toBeGreaterThan(15);
  expect(links.filter((path) => !made.files.includes(path))).toEqual([]);
  const published = (path: string) =>
    publish.include.some((one: string) => path === one || path.startsWith(`${one}/`));
  expect([...pages, ...links].filter((path) => !published(path))).toEqual([]);
});

test("its manifest says what the checkout's says, and leads each door to what was built", () => {
  const checkout = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { exports, dependencies, peerDependencies, ...rest } = JSON.parse(
    readFileSync(join(installed, "node_modules/@latchkey/auth/package.json"), "utf8"),
  );
  expect([rest.name, rest.version, rest.license, rest.engines, rest.private]).toEqual(
    [checkout.name, checkout.version, checkout.license, checkout.engines, undefined],
  );
  expect(Object.keys(exports)).toEqual([...Object.keys(checkout.exports), "./package.json"]);
  const files = Object.values<string | Record<string, string>>(exports).flatMap((to) =>
    typeof to === "string" ? [to] : Object.values(to)
  );
  expect(files.filter((file) => !made.files.includes(file.slice("./".length)))).toEqual([]);
  expect(dependencies).toEqual({ nodemailer: checkout.dependencies.nodemailer });
  expect(peerDependencies).toEqual(checkout.peerDependencies);
});

test("whose code is in it is said, with their licence", () => {
  const licence = readFileSync(join(made.folder, "LICENSE"), "utf8");
  for (const name of ["jose", "@oslojs/crypto", "@oslojs/encoding", "valibot"]) {
    expect(licence).toMatch(new RegExp(`^- ${name}: Copyright `, "m"));
  }
  expect(readFileSync(join(made.folder, "mod.js"), "utf8")).toMatch(/^- jose: Copyright /m);
});

test.for(Object.entries(RUNTIMES))("installed, it is used through every door on %s", ([, start]) => {
  const printed = run(installed, [...start, "test/package/use.ts"]);
  expect(JSON.parse(printed)).toEqual({
    signedIn: Object.fromEntries(
      ["memory", "prefix", "open", "sqlite", "fs"].map((store) => [store, "ada@example.com"]),
    ),
    health: ["ok", "ok"],
    laws: true,
    verified: true,
    tested: ["ada@example.com", null],
    byPasskey: ["swk", "user"],
    byPassword: [["pwd"], ["pwd"], "argon2id"],
    plugged: "+4915123456789",
    mailed: ["mail_failed", null],
    refused: ["config_invalid", "config_invalid"],
  });
});

const NODENEXT = { module: "nodenext" };
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };
const NODE = { types: ["node"], lib: ["es2024"] };
const WEB = { types: [], lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable"] }; // nothing of Node is installed

const WRONG = `import { createAuth } from "@latchkey/auth";
createAuth({ secret: "a".repeat(32), baseUrl: "https://example.com", session: { ttl: "soon" } });
createAuth({ secret: "a".repeat(32), baseUrl: "https://example.com" }).emailOtp;
import memory from "@latchkey/auth/drivers/memory";
memory({ now: 0 });
import "@latchkey/auth/src/auth.ts";
`;

test.for([["nodenext", NODENEXT], ["bundler", BUNDLER]] as const)(
  "its types hold with moduleResolution %s, down to its own declarations, and see what is wrong",
  ([, options]) => {
    const every = everyDoor(doors().map(({ name }) => name));
    const files = { "every.ts": every, "test/package/use.ts": undefined, "wrong.ts": WRONG };
    const { complaints } = compiled({ ...options, ...NODE }, files);
    const lines = complaints.matchAll(/^(\S+)\((\d+),/gm);
    expect([...lines].map(([, path, line]) => `${path}:${line}`)).toEqual(
      [2, 3, 5, 6].map((line) => `wrong.ts:${line}`),
    );
  },
);

test("they need nothing of Node, but for the door that is for node:http", () => {
  const every = everyDoor(doors().map(({ name }) => name).filter((name) => name !== "./node"));
  expect(compiled({ ...BUNDLER, ...WEB }, { "every.ts": every }).complaints).toEqual("");
});

const INSTANTIATIONS = 20_000;

test("a configuration with every option costs the compiler little", () => {
  const options = { ...BUNDLER, ...WEB, skipLibCheck: true };
  const light = compiled(options, { "test/package/full.ts": undefined });
  expect(light.complaints).toEqual("");
  expect(light.instantiations).toBeLessThan(INSTANTIATIONS);
  const heavy = `type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
type Name = \`\${Digit}\${Digit}\${Digit}\`;
type Boxed<K> = { readonly value: K; readonly next: readonly [K] };
export const boxes: { [K in Name]: Boxed<Boxed<Boxed<Boxed<Boxed<Boxed<Boxed<Boxed<K>>>>>>>> }[Name][] = [];
export const first = boxes.map((box) => box.value.value.value.value.value.value.value.next[0]);
`;
  const more = compiled(options, { "test/package/full.ts": undefined, "heavy.ts": heavy });
  expect(more.complaints).toEqual("");
  expect(more.instantiations).toBeGreaterThan(INSTANTIATIONS);
});

test("that configuration has every option", () => {
  const [, members = ""] =
    /^const MEMBERS = \[(.*?)\]/ms.exec(readFileSync(join(ROOT, "src/options.ts"), "utf8")) ?? [];
  const names = [...members.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const full = readFileSync(join(ROOT, "test/package/full.ts"), "utf8");
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !new RegExp(`^ {2}${name}(?::|,$)`, "m").test(full))).toEqual([]);
});

test("the command is the stand-alone server", async () => {
  const command = join(installed, "node_modules/.bin/latchkey");
  const version = `${String(made.manifest["version"])}\n`;
  expect(run(installed, [command, "--version"])).toBe(version);
  for (const start of [RUNTIMES["deno"] ?? [], RUNTIMES["bun"] ?? []]) {
    expect(run(installed, [...start, "node_modules/@latchkey/auth/latchkey.js", "--version"])).toBe(version);
  }
  const server = spawn(command, ["--port=0", "--storage=memory:"], { cwd: installed, env: environment() });
  try {
    const health = await fetch(`${await printed(server, /open (http:\S+)/)}/auth/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  } finally {
    server.kill("SIGKILL");
  }
});

test.for(["npx --no @latchkey/auth", "bunx --bun @latchkey/auth", "deno run -A npm:@latchkey/auth"])(
  "%s sign-in prints a token for a key pair",
  async (start) => {
    const { url, close } = await keyService([ADA.x]);
    const key = join(place.folder({ "id_ed25519": pkcs8File(ADA) }), "id_ed25519");
    const [command = "", ...args] = start.split(" ");
    const started = spawn(command, [...args, "sign-in", "--key", key, "--url", url], {
      cwd: installed,
      env: environment(),
    });
    try {
      expect(await printed(started, /^(\S+)$/m)).toBe(GRANT.accessToken);
    } finally {
      await close();
    }
  },
);

/** Resolves with what the pattern's group finds in what a process prints. */
function printed(server: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const hear = (part: unknown) => {
      text += String(part);
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.on("close", (status) => reject(new Error(`it ended with ${status}: ${text}`)));
  });
}

function everyDoor(names: readonly string[]): string {
  const lines = names.map((name, i) => `import * as door${i} from "@latchkey/auth${name.slice(1)}";`);
  return `${lines.join("\n")}\nexport const doors: readonly object[] = [${
    names.map((_, i) => `door${i}`)
  }];\n`;
}

/** What the compiler says of some files in the project, and how many types it makes for them. Those without a text are there. */
function compiled(options: object, files: Readonly<Record<string, string | undefined>>) {
  for (const [path, text] of Object.entries(files)) {
    if (text !== undefined) writeFileSync(join(installed, path), text);
  }
  const compilerOptions = {
    ...{
      target: "es2024",
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
    },
    ...{ noUncheckedIndexedAccess: true, noUnusedLocals: true, noUncheckedSideEffectImports: true },
    ...options,
  };
  writeFileSync(
    join(installed, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: Object.keys(files) }),
  );
  const { text } = tried(installed, ["tsc", "-p", ".", "--extendedDiagnostics"]);
  const [, count] = /^Instantiations: +(\d+)$/m.exec(text) ?? [];
  if (count === undefined) throw new Error(text);
  return { complaints: text.slice(0, text.search(/^Files: /m)), instantiations: Number(count) };
}
