export { issuer } from "@openauthjs/openauth";
export { CodeProvider } from "@openauthjs/openauth/provider/code";
export { createSubjects } from "@openauthjs/openauth/subject";
export { MemoryStorage } from "@openauthjs/openauth/storage/memory";
