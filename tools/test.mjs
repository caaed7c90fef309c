// npm test: the suite on Node, Deno and Bun. `npm test -- --runtime=node test/unit` runs a part of it on one of them;
// what is not --runtime goes to vitest.
import process from "node:process";
import { lastLine, runSuite } from "./suite.mjs";

const total = runSuite(process.argv.slice(2));
console.log(lastLine(total));
if (total.failed > 0) process.exitCode = 1;
