// Sends requests over many connections, as often as it is told to: a line of JSON for each turn comes in, and one goes out when the turn
// is over. It runs on Node, whatever the server runs on.
import process from "node:process";
import { createInterface } from "node:readline";
import autocannon from "autocannon";

const CONNECTIONS = 32;

for await (const line of createInterface({ input: process.stdin })) {
  const { url, cookies, proof, amount } = JSON.parse(line);
  let next = 0;
  const result = await autocannon({
    url,
    amount,
    connections: Math.min(CONNECTIONS, amount),
    sampleInt: 5, // ms: that often it looks whether all is done
    verifyBody: (body) => body.includes(proof),
    // Each connection has people of its own, so that all of them are asked about.
    setupClient(client) {
      const mine = cookies.filter((_, i) => i % CONNECTIONS === next % CONNECTIONS);
      next++;
      client.setRequests(mine.map((cookie) => ({ headers: { cookie } })));
    },
  });
  const { "2xx": good, errors, mismatches, timeouts } = result;
  const wrong = good === amount ? errors + mismatches + timeouts : amount - good;
  console.log(JSON.stringify({ wrong }));
}
