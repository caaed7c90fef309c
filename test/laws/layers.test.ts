// Who may import whom: the table of docs/architecture.md. Type imports count.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Files, type Import, imports, planted, sources, withoutComments } from "./source.ts";

/** Room → what its files may import. A room is a path below `src/`; `own` is the file's own folder, `(types)` a type import. */
const ROOMS: readonly (readonly [room: string, may: string])[] = [
  ["mod", "auth, errors, any (types)"],
  ["base", "own, errors, libraries"],
  ["errors", ""],
  ["events", ""],
  ["platform", "base"],
  ["model", "base"],
  ["contract", "base, errors (types), model (types)"],
  ["endpoint", "base, errors, model, contract (types)"],
  [
    "options",
    "options, events, base, errors, platform, model, contract, store/driver, protocol/algorithms, features/*/contract (types), features/*/options (types), libraries",
  ],
  ["join", "base, errors, model, contract, endpoint, options, core (types)"],
  [
    "plugins",
    "own, base, errors, events (types), platform (types), model, contract, options/hooks, options/steps, options (types), core (types)",
  ],
  ["crypto/passwords", "own, base, errors, protocol/phc, libraries"],
  ["crypto", "own, base, errors, libraries"],
  ["protocol", "own, base, errors, libraries"],
  [
    "store/stock",
    "own, base, errors, platform, drivers/redis, drivers/deno_kv, drivers/local_disk, libraries",
  ],
  ["store", "own, base, errors, platform (types), libraries"],
  ["drivers/open", "drivers, store/driver (types), errors"],
  ["drivers/prefix", "store/driver (types), store/adopt, errors"],
  [
    "drivers/redis(_link)?",
    "drivers/redis_client, drivers/redis_link, store/driver (types), errors, libraries",
  ],
  ["drivers", "store/driver (types), errors, drivers/local_disk, libraries"],
  [
    "core",
    "own, base, errors, events, platform, model, contract, crypto, protocol, store, options (types), libraries",
  ],
  ["features/calls", "features/*/contract, contract (types)"],
  ["features/outputs", "features/*/contract (types), features/calls (types), model (types), base"],
  ["features/index", "features/*/feature, contract (types)"],
  ["features/notices", "model (types)"],
  ["features/*/contract", "contract (types), model (types), base (types), protocol/webauthn_json (types)"],
  [
    "features/*",
    "own, contract, model, core (types), core/account_record, base, protocol, errors, options/steps, features/notices",
  ],
  [
    "http",
    "own, contract, endpoint (types), model, platform (types), options (types), errors, base, protocol/cookie, core (types), libraries",
  ],
  [
    "auth",
    "auth, base, errors, events, platform, model, contract, endpoint, join, options, crypto, protocol, store, core, features, http, drivers/memory, libraries",
  ],
  ["doors/client", "errors, features/calls"],
  [
    "doors/verify",
    "mod, contract, errors, base, features/calls, protocol/jwt, protocol/algorithms, platform, verifier",
  ],
  ["doors/plugin", "mod, contract, errors, base, model, events, platform (types), options (types), plugins"],
  ["doors/testing", "mod, contract, errors, base, features/calls, testing"],
  ["doors/server", "mod, contract, errors, base, features/calls, server"],
  ["doors", "mod, contract, errors, base, features/calls, libraries (types)"],
  [
    "testing",
    "own, base, errors, platform, model (types), protocol, store/driver (types), drivers/memory, libraries",
  ],
  ["verifier", "own, base, errors, platform (types), protocol"],
  ["server", "own, mod, doors/node, drivers, base, errors, platform, protocol, libraries"],
];

/** Within `core` a file imports only what stands before it. */
const CORE = [
  "served events foundation limits key_material key_rotation key_turns own_keys signing_keys added_claims minting access_tokens challenges questions slots",
  "account_record births remembered acting claims values accounts devices guesses session_record refresh_tokens sessions authority",
  "profile views hooks bounces mail_text smtp mail notices credentials mailed_steps proven gate sign_in removal replies sweep core causes explain",
].join(" ").split(" ");

test("a file imports only what its room may", () => {
  expect(intruders(sources())).toEqual([]);
});

test("a forbidden import is seen: a value, a type, a library, another feature, a room nobody knows", () => {
  const tree = (path: string, text: string) => intruders(new Map([[path, text]]));
  expect(tree("src/store/a.ts", 'import { b } from "../crypto/keyring.ts";')).toHaveLength(1);
  expect(tree("src/store/a.ts", 'import type { B } from "../crypto/keyring.ts";')).toHaveLength(1);
  expect(tree("src/store/a.ts", 'import { machine } from "../platform.ts";')).toHaveLength(1);
  expect(tree("src/store/a.ts", 'import type { Platform } from "../platform.ts";')).toHaveLength(0);
  expect(tree("src/features/key/feature.ts", 'import { jwtVerify } from "jose";')).toHaveLength(1);
  expect(tree("src/features/key/feature.ts", 'import { a } from "../account/rules.ts";')).toHaveLength(1);
  expect(tree("src/features/key/feature.ts", 'const a = await import("../../store/adopt.ts");')).toHaveLength(
    1,
  );
  expect(tree("src/features/key/feature.ts", '// import { a } from "../account/rules.ts";')).toHaveLength(0);
  expect(tree("drivers/fs.ts", 'import { memory } from "./memory.ts";')).toHaveLength(1);
  expect(tree("src/utils/a.ts", "")).toEqual(["src/utils/a.ts has no room"]);
});

test("its list is the one that docs/architecture.md gives", () => {
  const page = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
  const [, told = ""] = /^Order within `core`: ([^]*?)\n\n/m.exec(page) ?? [];
  expect([...told.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(CORE);
});

test("core imports downwards in its list", () => {
  expect(climbers(sources())).toEqual([]);
});

test("a core file that looks up, or has no place, is seen", () => {
  const accounts = 'import type { Sessions } from "./sessions.ts";';
  expect(climbers(new Map([["src/core/accounts.ts", accounts]]))).toHaveLength(1);
  expect(climbers(new Map([["src/core/new.ts", ""]]))).toEqual([
    "src/core/new.ts has no place in the order of core",
  ]);
});

test("a contract loads nothing: clients import it", () => {
  expect(heavyContracts(sources())).toEqual([]);
  const contract = 'import { type A, b } from "../../model.ts";';
  expect(heavyContracts(new Map([["src/features/key/contract.ts", contract]]))).toHaveLength(1);
});

test("no file leads back to itself, type imports included", () => {
  expect(cycles(sources())).toEqual([]);
  const a = 'import type { B } from "./b.ts";';
  const b = 'import { c } from "./c.ts";';
  const c = 'export * from "./a.ts";';
  expect(cycles(new Map([["src/a.ts", a], ["src/b.ts", b], ["src/c.ts", c]]))).toEqual([
    "src/a.ts → src/b.ts → src/c.ts → src/a.ts",
  ]);
});

test("only mod.ts and the doors are lists of re-exports", () => {
  expect(barrels(sources())).toEqual([]);
  const barrel = '// All of it.\nexport { a } from "./a.ts";\nexport type { B } from "./b.ts";\n';
  expect(barrels(planted(new Map(), { "src/core/index.ts": barrel }))).toEqual([
    "src/core/index.ts only re-exports",
  ]);
});

function intruders(files: Files): readonly string[] {
  return [...files].flatMap(([path, text]) => {
    const row = ROOMS.find(([room]) => within(name(path), room));
    if (row === undefined) return [`${path} has no room`];
    const forbidden = imports(path, text).filter((one) =>
      !row[1].split(", ").some((may) => allows(may, path, one))
    );
    return forbidden.map(({ specifier, types }) => `${path} imports ${types ? "types of " : ""}${specifier}`);
  });
}

/** Whether one word of the table covers an import. */
function allows(may: string, path: string, { target, types }: Import): boolean {
  const [room, onlyTypes] = may.split(" ");
  if (onlyTypes !== undefined && !types) return false;
  if (room === "libraries") return target === undefined;
  if (target === undefined) return false;
  if (room === "own") return folderOf(target) === folderOf(path);
  return room === "any" || within(name(target), room!);
}

/** `src/core/mail.ts` → `core/mail`. */
function name(path: string): string {
  return path.replace(/^src\//, "").replace(/\.ts$/, "");
}

function within(path: string, room: string): boolean {
  return new RegExp(`^${room.replaceAll("*", "[^/]+")}(/|$)`).test(path);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function climbers(files: Files): readonly string[] {
  return [...files].filter(([path]) => path.startsWith("src/core/")).flatMap(([path, text]) => {
    const place = placeInCore(path);
    if (place === -1) return [`${path} has no place in the order of core`];
    const targets = imports(path, text).flatMap(({ target }) =>
      target?.startsWith("src/core/") ? [target] : []
    );
    return targets.filter((target) => placeInCore(target) >= place).map((target) =>
      `${path} imports ${target}`
    );
  });
}

function placeInCore(path: string): number {
  return CORE.indexOf(name(path).slice("core/".length));
}

function heavyContracts(files: Files): readonly string[] {
  const contracts = [...files].filter(([path]) =>
    /^src\/(contract|features\/[^/]+\/contract)\.ts$/.test(path)
  );
  return contracts.flatMap(([path, text]) => {
    const loaded = imports(path, text).filter(({ types }) => !types);
    return loaded.map(({ specifier }) => `${path} loads ${specifier}`);
  });
}

function cycles(files: Files): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(" → "));
    if (start !== -1 || done.has(path)) return;
    for (const { target } of imports(path, files.get(path) ?? "")) {
      if (target !== undefined) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return found;
}

function barrels(files: Files): readonly string[] {
  const bare = ([path, text]: readonly [string, string]) =>
    path !== "mod.ts" && !path.startsWith("src/doors/") &&
    /\bexport\b/.test(withoutComments(text)) && withoutComments(text).replace(STATEMENT, "").trim() === "";
  return [...files].filter(bare).map(([path]) => `${path} only re-exports`);
}

const STATEMENT =
  /\b(?:import|export)\s+(?:type\s+)?[\w$\s{},*]*?(?:\s*from\s*)?"[^"]+";?|\bexport\s+(?:type\s+)?\{[^}]*\};?/g;
