import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";

export const { handler } = betterAuth({
  secret: "a-secret-of-32-characters-for-benches",
  baseURL: "https://example.com",
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
});
