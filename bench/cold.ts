// What a cold process takes to import the library and to answer its first request, in milliseconds; and what of that the runtime takes
// alone for a request and a response. Run in a process of its own: `npm run bench` does.
const began = performance.now();
const { createAuth } = await import("../mod.ts");
const imported = performance.now();
const auth = createAuth({
  secret: "a-secret-of-32-characters-for-benches",
  baseUrl: "https://example.com",
  platform: { log: { warn: () => {} } },
});
const created = performance.now();
const request = new Request("https://example.com/auth/health");
await new Response("{}").text();
const bare = performance.now();
const response = await auth.handler(request);
const text = await response.text();
if (response.status !== 200) throw new Error(text);
const answered = performance.now();
console.log(
  JSON.stringify({ imported: imported - began, answered: answered - began, runtimeAlone: bare - created }),
);
export {};
