// The doors: three manifests say the same, each door leads somewhere, and the front door shows two values.
import { expect, test } from "vitest";
import { type Files, planted, read, withoutComments } from "./source.ts";

const MANIFESTS = ["package.json", "deno.json", "jsr.json"];

/** The manifests, and every file that one of them names. */
function project(): Files {
  const manifests = read(MANIFESTS);
  const doors = [...manifests].flatMap(([path]) => Object.values(manifest(manifests, path).exports ?? {}));
  return new Map([
    ...manifests,
    ...read([...new Set(["./mod.ts", ...doors])].map((door) => door.slice("./".length))),
  ]);
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

test("package.json, deno.json and jsr.json agree, and each door leads somewhere", () => {
  expect(disagreements(project())).toEqual([]);
});

test("a manifest that says something else is seen, and a door that leads nowhere", () => {
  const same = JSON.stringify({ name: "a", version: "1.0.0", license: "MIT", exports: { ".": "./mod.ts" } });
  const right: Files = new Map([...MANIFESTS.map((path) => [path, same] as const), ["mod.ts", ""]]);
  const changed = (from: string, to: string) =>
    disagreements(planted(right, { "jsr.json": same.replace(from, to) }));
  expect(disagreements(right)).toEqual([]);
  expect(changed("1.0.0", "1.0.1")).toEqual(['jsr.json: version is "1.0.1"']);
  expect(changed("./mod.ts", "./x.ts")).toEqual([
    "jsr.json: exports differ from package.json",
    "jsr.json: ./x.ts is not there",
  ]);
});

test("deno.json imports what package.json depends on, in the same versions", () => {
  expect(misimports(project())).toEqual([]);
  const deno = JSON.stringify({
    imports: { jose: "npm:jose@^5.0.0", "jose/": "npm:/jose@^6.0.0/", left: "npm:left@1" },
  });
  const npm = JSON.stringify({ dependencies: { jose: "^6.0.0", valibot: "^1.0.0" } });
  expect(misimports(planted(new Map(), { "deno.json": deno, "package.json": npm }))).toEqual([
    "jose is npm:jose@^5.0.0 in deno.json",
    "left is npm:left@1 in deno.json",
    "valibot is missing in deno.json",
  ]);
});

test("mod.ts shows the values createAuth and AuthError, and types", () => {
  expect(values(project().get("mod.ts") ?? "")).toEqual(["AuthError", "createAuth"]);
});

test("one value more is seen, however it is exported", () => {
  expect(values('export { a, type B, c as d } from "./x.ts";\nexport type { E } from "./y.ts";')).toEqual([
    "a",
    "d",
  ]);
  expect(values('export * from "./x.ts";\nexport const a = 1;\nexport async function b() {}')).toEqual([
    "*",
    "a",
    "b",
  ]);
  expect(values('// export { a } from "./x.ts";\nexport interface C {}')).toEqual([]);
});

function manifest(files: Files, path: string): Manifest {
  return JSON.parse(files.get(path) ?? "{}") as Manifest; // members are compared, never trusted
}

function disagreements(files: Files): readonly string[] {
  const first = manifest(files, "package.json");
  return MANIFESTS.flatMap((path) => {
    const { name, version, license, exports = {} } = manifest(files, path);
    const found = Object.entries({ name, version, license })
      .filter(([key, value]) => value === undefined || value !== first[key as keyof Manifest])
      .map(([key, value]) => `${path}: ${key} is ${JSON.stringify(value)}`);
    if (JSON.stringify(exports) !== JSON.stringify(first.exports)) {
      found.push(`${path}: exports differ from package.json`);
    }
    const missing = Object.values(exports).filter((door) => !files.has(door.replace(/^\.\//, "")));
    return [...found, ...missing.map((door) => `${path}: ${door} is not there`)];
  });
}

/** Deno needs `name/` with `npm:/name@version/` for subpaths. */
function misimports(files: Files): readonly string[] {
  const { imports = {} } = manifest(files, "deno.json");
  const { dependencies: always, peerDependencies: byChoice } = manifest(files, "package.json");
  const dependencies: Readonly<Record<string, string>> = { ...always, ...byChoice };
  const right = (name: string) =>
    name.endsWith("/")
      ? `npm:/${name.slice(0, -1)}@${dependencies[name.slice(0, -1)]}/`
      : `npm:${name}@${dependencies[name]}`;
  const wrong = Object.entries(imports).filter(([name, target]) => target !== right(name));
  const missing = Object.keys(dependencies).filter((name) => !(name in imports));
  return [
    ...wrong.map(([name, target]) => `${name} is ${target} in deno.json`),
    ...missing.map((name) => `${name} is missing in deno.json`),
  ];
}

/** The names of the values that a file exports, in order of the alphabet. */
function values(text: string): readonly string[] {
  const code = withoutComments(text);
  const listed = [...code.matchAll(/\bexport\s*\{([^}]*)\}/g)].flatMap(([, list]) => list!.split(","));
  const names = listed.map((name) => name.trim()).filter((name) => name !== "" && !name.startsWith("type "));
  const declared = code.matchAll(/\bexport\s+(?:async\s+)?(?:const|let|function\*?|class|enum)\s+(\w+)/g);
  const stars = [...code.matchAll(/\bexport\s*\*|\bexport\s+default\b/g)].map(() => "*");
  return [
    ...names.map((name) => name.split(" as ").at(-1)!),
    ...[...declared].map(([, name]) => name!),
    ...stars,
  ].sort();
}
