// What is in each module of the package, and what importing it costs. On Node alone: the other runtimes are started from here.
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { APART } from "../../tools/bundling.ts";
import { buildModules, type Module } from "../../tools/package.ts";
import { run, RUNTIMES, scratch, tried } from "./scratch.ts";

const place = scratch();
const folder = place.folder();
let modules: ReadonlyMap<string, Module>;

beforeAll(async () => {
  modules = await buildModules(folder);
});
afterAll(() => place.remove());

/** The libraries that stand in each module, and the other modules that it loads: at once, or when they are needed. */
const CONTENTS: Readonly<Record<string, readonly [libraries: string, atOnce: string, later: string]>> = {
  "mod.js": ["@oslojs jose valibot", "", "@node-rs/argon2 ioredis nodemailer"],
  "drivers/deno-kv.js": ["", "", ""],
  "drivers/fs.js": ["", "", ""],
  "drivers/memory.js": ["", "", ""],
  "drivers/open.js": ["", "", "./deno-kv.js ./fs.js ./memory.js ./redis.js ./sqlite.js"],
  "drivers/prefix.js": ["", "", "./deno-kv.js ./redis.js"],
  "drivers/redis.js": ["", "", "ioredis"],
  "drivers/sqlite.js": ["", "", ""],
  "node.js": ["", "", ""],
  "server.js": ["", "./drivers/open.js ./mod.js ./node.js", ""],
  "testing.js": ["@oslojs", "./drivers/memory.js", ""],
  "verify.js": ["jose", "", ""],
  "plugin.js": ["valibot", "", ""],
  "wasm_thread.js": ["hash-wasm", "", ""],
  "latchkey.js": ["@oslojs", "./drivers/open.js ./mod.js ./node.js", ""],
};

test("a door brings what it needs, and no more", () => {
  const found = [...modules].map(([path, { inputs, imports }]) => {
    const libraries = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .flatMap(([source]) => /^node_modules\/([^/]+)/.exec(source)?.[1] ?? []);
    const others = imports.filter(({ path }) => !path.startsWith("node:"));
    const [later, atOnce] = [true, false].map((wanted) =>
      others.filter(({ kind }) => (kind === "dynamic-import") === wanted).map(({ path }) => path)
    );
    return [
      path,
      [libraries, atOnce ?? [], later ?? []].map((names) => [...new Set(names)].sort().join(" ")),
    ];
  });
  expect(Object.fromEntries(found)).toEqual(CONTENTS);
});

test("the single file is one module: what it is not made of is there when it is first used", () => {
  expect(loadedBy(join(folder, "mod.js"))).toEqual(["mod.js"]);
  expect(loadedBy(join(folder, "server.js"))).toEqual(["mod.js", "node.js", "open.js", "server.js"]);
});

test("of the runtime it loads nothing before it is used: a cold process does not wait for it", () => {
  expect(modules.get("mod.js")?.imports.map(({ path }) => path).toSorted()).toEqual([...APART].toSorted());
});

test("it is plain ASCII: with one character of more than a byte, engines would read all of it at two", () => {
  expect(readFileSync(join(folder, "mod.js"), "utf8").match(/[^\0-\x7F]/g)).toBeNull();
});

const LARGEST = 120_000; // bytes, gzip

test("all of it, with the drivers that stores of unstorage need, is at most 120 KB, minified and gzip", () => {
  const { code } = transformSync(readFileSync(join(folder, "mod.js"), "utf8"), { minify: true });
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(LARGEST);
});

const APP = `import { AuthError, createAuth } from "./mod.js";
const log = { warn() {} };
const secret = "a-secret-of-32-characters-for-the-package";
const auth = (email) => createAuth({ secret, baseUrl: "http://localhost:3000", platform: { log }, email, emailOtp: true });
let code;
const own = auth({ from: "a@example.com", send: ({ text }) => void (code = /\\b\\d{6}\\b/.exec(text)[0]) });
const { challengeId } = await own.emailOtp.start({ email: "ada@example.com" });
while (code === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
const { user } = await own.emailOtp.verify({ challengeId, code });
const smtp = auth({ from: "a@example.com", smtp: { host: "127.0.0.1", port: 1 } });
const failed = await smtp.emailOtp.start({ email: "ada@example.com" }).then(() => [], (error) => [
  [error instanceof AuthError, error.code, error.message],
]);
await smtp.close();
console.log(JSON.stringify({ email: user.email, failed }));
`;

test.for(Object.entries(RUNTIMES))(
  "alone in an empty folder it runs on %s, with nothing around it",
  ([name]) => {
    const alone = place.folder({ "app.js": APP });
    copyFileSync(join(folder, "mod.js"), join(alone, "mod.js"));
    const start = name === "deno" ? ["deno", "run", "-A"] : RUNTIMES[name] ?? [];
    const { email, failed } = JSON.parse(run(alone, [...start, "app.js"]));
    expect(email).toBe("ada@example.com");
    expect(failed).toEqual([[true, "mail_failed", expect.stringContaining("npm install nodemailer")]]);
  },
);

test("what threads run is beside it: without that bcrypt says so, and Argon2 is computed all the same", () => {
  const app = `import { createAuth } from "./mod.js";
const email = { from: "a@example.com", send() {}, links: { reset: "http://localhost:3000/reset" } };
const said = { secret: "a-secret-of-32-characters-for-the-package", baseUrl: "http://localhost:3000", email };
const { password } = createAuth({ ...said, password: true, platform: { log: { warn() {} } } });
const ours = await password.hash({ password: "U*U" });
const bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"; // of crypt_blowfish's own tests
const told = await password.verify({ password: "U*U", hash: bcrypt }).catch(({ message }) => message);
console.log(JSON.stringify([await password.verify({ password: "U*U", hash: ours }), told]));
`;
  const alone = place.folder({ "app.js": app });
  const copied = (name: string) => copyFileSync(join(folder, name), join(alone, name));
  copied("mod.js");
  expect(JSON.parse(run(alone, ["node", "app.js"]))).toEqual([
    true,
    expect.stringContaining("wasm_thread.js"),
  ]);
  copied("wasm_thread.js");
  expect(JSON.parse(run(alone, ["node", "app.js"]))).toEqual([true, true]);
});

test("what is not in it is named where it is missed: the driver for Redis says what to install", () => {
  const url = pathToFileURL(join(folder, "drivers/redis.js"));
  const text = `import redis from ${
    JSON.stringify(url)
  };\nawait redis({ url: "redis://127.0.0.1:1" }).getItem("a");`;
  const ended = tried(place.folder({ "app.mjs": text }), ["node", "app.mjs"]);
  expect(ended.text).toContain("npm install ioredis");
  expect(APART).toEqual(["nodemailer", "ioredis", "@node-rs/argon2"]);
});

/** The files that Node loads with one, apart from its own modules. */
function loadedBy(path: string): readonly string[] {
  const hooks = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });
`;
  const lines = run(place.folder({ "hooks.mjs": hooks }), ["node", "--import", "./hooks.mjs", path]).split(
    "\n",
  ).filter((line) => line !== "");
  return lines.filter((url) => !url.startsWith("node:")).map((url) => url.slice(url.lastIndexOf("/") + 1))
    .sort();
}
