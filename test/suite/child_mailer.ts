// A process that mails one code over SMTP, closes, and has nothing left to stay for.
import { argv } from "node:process";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";

const auth = createAuth({
  storage: memory(),
  secret: "the-secret-of-a-child-0123456789",
  baseUrl: "http://localhost:3000",
  email: { from: "no-reply@example.com", smtp: { host: "127.0.0.1", port: Number(argv.at(-1)) } },
  emailOtp: true,
});
await auth.emailOtp.start({ email: "ada@example.com" });
await auth.close();
