// `npm run build`: makes dist/, the package as npm has it. `npm publish ./dist` publishes it.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { buildPackage } from "./package.ts";

const folder = fileURLToPath(new URL("../dist", import.meta.url));
const { modules } = await buildPackage(folder);
for (const path of modules.keys()) {
  const code = readFileSync(join(folder, path));
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`dist/${path.padEnd(24)}${`${code.length}`.padStart(9)} bytes${`${size}`.padStart(8)} gzip`);
}
