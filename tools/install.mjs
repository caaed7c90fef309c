// Makes node_modules what package-lock.json says, and does nothing when it is. Runs before `npm start`, `npm test` and
// `npm run ok`, on any Node that npm itself runs on, with nothing installed. Folders may follow that have manifests of their own; before
// `npm run bench` those of the peers do.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const root = new URL("../", import.meta.url);
const node = new URL(
  `node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`,
  root,
);

for (const name of [".", ...process.argv.slice(2)]) {
  const problem = makeRight(
    new URL(`${name}/`, root),
    name === "." ? "" : `${name}/`,
  );
  if (problem === undefined) continue;
  console.error(problem);
  process.exitCode = 1;
  break;
}

/** Installs what a folder's lock file lists, where it is not; answers with a sentence for people when that fails. */
function makeRight(folder, name) {
  const wanted = wantedStamp(folder);
  if (isInstalled(folder, wanted)) return undefined;
  console.error(`Installing what ${name}package-lock.json lists ...`);
  const problem = install(folder);
  if (problem === undefined) writeFileSync(stampOf(folder), wanted);
  return problem;
}

function stampOf(folder) {
  return new URL("node_modules/.installed", folder);
}

/** What the stamp says when all is well: these dependencies, this lock file, this kind of machine. */
function wantedStamp(folder) {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL("package.json", folder), "utf8"),
  );
  const hash = createHash("sha256").update(
    JSON.stringify([dependencies, devDependencies]),
  );
  hash.update(readFileSync(new URL("package-lock.json", folder)));
  return `${process.platform}-${process.arch} ${hash.digest("hex")}\n`;
}

function isInstalled(folder, wanted) {
  const stamp = stampOf(folder);
  return existsSync(stamp) && existsSync(node) &&
    readFileSync(stamp, "utf8") === wanted;
}

/** Runs `npm ci`; answers with a sentence for people when that fails. */
function install(folder) {
  const args = [
    "ci",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const [command, ...first] = npm();
  const { status, error, stderr } = spawnSync(command, [...first, ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (error !== undefined) {
    return `The dependencies were not installed: npm cannot be run (${error.message}).`;
  }
  if (status !== 0) {
    return `The dependencies were not installed: ${reason(stderr)}.`;
  }
  // Of the root's alone: it is what everything here runs on.
  if (!existsSync(node)) {
    return "The dependencies were not installed: npm ran no install scripts, which the package `node` needs.";
  }
}

/** npm as the caller started it. Its own Node, because the one in node_modules is about to be replaced. */
function npm() {
  const { npm_execpath: script, npm_node_execpath: runtime } = process.env;
  if (script !== undefined && /\.c?js$/.test(script)) {
    return [runtime ?? process.execPath, script];
  }
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function reason(stderr) {
  if (
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT)\b/
      .test(stderr)
  ) {
    return "npm could not reach its registry; connect to the network and run the command again";
  }
  if (/\bEUSAGE\b/.test(stderr)) {
    return "package-lock.json and package.json disagree; run `npm install` and commit both";
  }
  const lines = stderr.split("\n").map((line) => line.replace(/^npm error( code| notarget)? ?/, "").trim());
  const said = lines.filter((line) => line !== "").slice(0, 2).join(": ");
  return `npm ci failed (${said === "" ? "it did not say why" : said})`;
}
