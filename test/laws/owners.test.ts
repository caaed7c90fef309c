// Sole owners: what exactly one file may do. Each law is a pattern, and the files in which it may be found.
import { describe, expect, test } from "vitest";
import { type Files, imports, planted, sources, withoutComments, withoutStrings } from "./source.ts";

interface Law {
  /** What nobody else may write. */
  readonly pattern: RegExp;
  /** Who may. */
  readonly owners: RegExp;
  /** Where it is looked for; without it in all of `src/`. */
  readonly among?: RegExp;
  /** Strings are looked at too. */
  readonly strings?: true;
  /** What it must catch, as it would stand in a file that owns nothing. */
  readonly caught: readonly string[];
  /** What it must let pass. */
  readonly fine?: readonly string[];
}

/** Zero, `""`, `[]`, `{}` and null say that something is absent: they are no defaults. */
const LITERAL = /(?:-?(?!0\b)\d|"[^"]|'[^']|`[^`]|true\b|false\b)/.source;

const LAWS: Readonly<Record<string, Law>> = {
  "only the collection swaps": {
    pattern: /(?:\.|\?\.)swap\(|\{[^{}]*\bswap\b[^{}]*\}\s*=/,
    owners: /^src\/(store\/collection|testing\/.*)\.ts$/,
    caught: ["await driver.swap(key, null, text);", "const { swap } = driver;"],
  },
  "only the platform reads the clock": {
    pattern:
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.(?:now|timeOrigin)\b|\bhrtime\b|\bTemporal\.Now\b/,
    owners: /^src\/platform\.ts$/,
    caught: ["const now = Date.now();", "const now = Date.now;", "const at = new Date().toISOString();"],
    fine: ["const at = new Date(platform.now()).toISOString();", "// Date.now() is not asked"],
  },
  "only the platform draws lots": {
    pattern: /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|\brandomBytes\b|\brandomInt\b/,
    owners: /^src\/platform\.ts$/,
    caught: ["crypto.getRandomValues(bytes);", "const id = crypto.randomUUID();"],
  },
  "only the signing keys are drawn by the runtime, which takes no chance as an argument": {
    pattern: /\bgenerateKey(?:Pair|PairSync|Sync)?\b/,
    owners: /^src\/(core\/key_turns|testing\/.*)\.ts$/,
    caught: ["await crypto.subtle.generateKey(algorithm, true, usages);"],
  },
  "only the platform sets timers; the server and the tests' tools may too": {
    pattern: /\b(?:setTimeout|setInterval|setImmediate)\b|\bAbortSignal\.timeout\b/,
    owners: /^src\/(platform\.ts$|server\/|testing\/)/,
    caught: ["setTimeout(resolve, 100);", "const signal = AbortSignal.timeout(100);"],
  },
  "only the platform asks the network": {
    pattern:
      /(?<![.\w]|function )fetch\((?![^()]*\)\s*(?::[^{;]*)?\{)|\bglobalThis\.fetch\(|\bnew (?:WebSocket|EventSource)\b/,
    owners: /^src\/(platform\.ts$|server\/)/,
    caught: ["const reply = await fetch(url);", "const reply = await globalThis.fetch(url);"],
    fine: [
      "const reply = await platform.fetch(url);",
      "const server = { fetch(request: Request): void {} };",
    ],
  },
  "only the platform writes to the console; the server does too": {
    pattern: /\bconsole\s*\.|\bprocess\.(?:stdout|stderr)\b/,
    owners: /^src\/(platform\.ts$|server\/)/,
    caught: ['console.log("hello");'],
  },
  "only the keyring sees the secrets: options check them, the assembly hands them over, the server keeps them":
    {
      pattern:
        /\bsecrets\b|\b(?:options|settings|config|given)\??\.secret\b|\{[^{}]*\bsecret\b[^{}]*\}\s*=\s*(?:options|settings)\b/,
      owners:
        /^src\/(options|options\/secrets|auth|core\/core|crypto\/keyring)\.ts$|^src\/(server|testing)\//,
      caught: [
        "sign(settings.secrets[0]);",
        "const key = options.secret;",
        "const { origin, secret } = options;",
      ],
      fine: ["const { sid, secret } = token;", '"only a holder of the secrets"'],
    },
  "only the cookie writes attributes of cookies": {
    pattern: /\bHttpOnly\b|\bSameSite=/i,
    owners: /^src\/protocol\/cookie\.ts$/,
    strings: true,
    caught: ["const value = `${name}=1; HttpOnly`;"],
    fine: ["/** It is HttpOnly. */", "const sameSite = options.sameSite;"],
  },
  "only the reply sets cookies; the Node adapter copies them": {
    pattern: /\bset-cookie\b/i,
    owners: /^src\/(http\/reply|doors\/node)\.ts$/,
    strings: true,
    caught: ['headers.append("Set-Cookie", value);'],
  },
  "only the gate lists a session": {
    pattern: /\bsessions:\s*\[(?!\s*\])|\bsessions\.(?:concat|toSpliced|with|push|unshift|entry|open)\(/,
    owners: /^src\/core\/gate\.ts$/,
    caught: [
      "const next = { ...account, sessions: [...account.sessions, mine] };",
      "account.sessions.concat(mine)",
    ],
    fine: [
      "const born = { sessions: [] };",
      "const next = { ...account, sessions: account.sessions.filter(lives) };",
    ],
  },
  "only the claims touch identifiers:": {
    pattern: /["'`]identifiers[:"'`]/,
    owners: /^src\/(core\/claims|plugins\/fit)\.ts$/, // one keeps the name for what comes,
    strings: true,
    caught: ['collection(store, "identifiers", SHAPE);', "await driver.getItem(`identifiers:${hash}`);"],
    fine: ["const { identifiers } = account;"],
  },
  "a default stands in a table of options": {
    pattern: new RegExp(
      `\\?\\?\\s*(?:${LITERAL})|\\?\\?=\\s*(?:${LITERAL})|[{,]\\s*\\w+(?::\\s*\\w+)? = ${LITERAL}[^;]*?\\}\\s*[=:)]`,
    ),
    owners:
      /^src\/(options(?:\.ts$|\/)|verifier\/options\.ts$|features\/[^/]+\/feature\.ts$|server\/|testing\/)/,
    strings: true,
    caught: [
      "const ttl = options.ttl ?? 900;",
      'const mode = session ?? "cookie";',
      "const { ttl = 900 } = options;",
    ],
    fine: ['const text = header ?? "";', "const list = given ?? [];", "const [first = 0] = random(1);"],
  },
};

for (const [name, law] of Object.entries(LAWS)) {
  describe(name, () => {
    test("in the source", () => {
      expect(violations(sources(), law)).toEqual([]);
    });

    test("a violation is seen", () => {
      const seen = (code: string) =>
        violations(planted(new Map(), { "src/core/stranger.ts": code }), law).length > 0;
      expect(law.caught.filter((code) => !seen(code))).toEqual([]);
      expect((law.fine ?? []).filter(seen)).toEqual([]);
    });
  });
}

test("only auth.ts joins rooms: core, features and the handler meet nowhere else", () => {
  expect(joints(sources())).toEqual([]);
  const joint = 'import { core } from "../core/core.ts";\nimport { handler } from "../http/handler.ts";\n';
  expect(joints(planted(new Map(), { "src/server/short_cut.ts": joint }))).toEqual([
    "src/server/short_cut.ts loads src/core/core.ts",
    "src/server/short_cut.ts loads src/http/handler.ts",
  ]);
});

function violations(files: Files, { pattern, owners, among = /^src\//, strings }: Law): readonly string[] {
  return [...files].filter(([path]) => among.test(path) && !owners.test(path)).flatMap(([path, text]) => {
    const code = strings === true ? withoutComments(text) : withoutStrings(text);
    const found = [...code.matchAll(new RegExp(pattern, `g${pattern.flags}`))];
    return found.map(({ 0: what, index }) => `${path}:${code.slice(0, index).split("\n").length} ${what}`);
  });
}

/** The assemblies: each is loaded by `auth.ts` alone, and used elsewhere as a type. */
function joints(files: Files): readonly string[] {
  const assemblies = /^src\/(core\/core|features\/index|http\/handler|auth)\.ts$/;
  const others = [...files].filter(([path]) => path !== "src/auth.ts");
  return others.flatMap(([path, text]) => {
    const loaded = imports(path, text).filter(({ target, types }) =>
      !types && target !== undefined && assemblies.test(target)
    );
    const allowed = loaded.filter(({ target }) => !(path === "mod.ts" && target === "src/auth.ts"));
    return allowed.map(({ target }) => `${path} loads ${target}`);
  });
}
