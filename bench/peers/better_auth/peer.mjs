export { betterAuth } from "better-auth";
export { memoryAdapter } from "better-auth/adapters/memory";
export { emailOTP } from "better-auth/plugins";
