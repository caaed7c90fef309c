import { createAuth } from "./mod.js"; // beside which this is copied

export const { handler } = createAuth({
  secret: "a-secret-of-32-characters-for-benches",
  baseUrl: "https://example.com",
  clientIp: "direct",
  platform: { log: { warn() {} } },
});
