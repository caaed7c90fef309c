// What a cold process takes to import a module that exports a Fetch handler, and to get its first answer, in milliseconds; and what of
// that the runtime takes alone for its first request and response. Run in a process of its own, with the module and what to ask it for.
import process from "node:process";

const [module, path] = process.argv.slice(2);
const before = performance.now();
await new Response("{}").text();
const request = new Request(`https://example.com${path}`);
const began = performance.now();
const { handler } = await import(module);
const imported = performance.now();
const response = await handler(request);
const text = await response.text();
const answered = performance.now();
if (response.status !== 200) throw new Error(text);
console.log(
  JSON.stringify({ alone: began - before, imported: imported - before, answered: answered - before }),
);
