import { expect, test } from "vitest";
import type { Call } from "../../src/contract.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { AuthError } from "../../src/errors.ts";
import { pathOf, router } from "../../src/http/router.ts";

const CALLS: readonly Call[] = [
  "GET /session",
  "POST /sign-out",
  "POST /sign-out/all",
  "GET /keys/:id",
  "DELETE /keys/:id",
  "GET /keys/:id/parts/:part",
];
// Of an endpoint the router looks at the call, and at whether it is at the root.
const { find } = router(CALLS.map((call) => ({ name: call, call, route: {} }) as Endpoint), "/auth");

function found(method: string, path: string): unknown {
  try {
    const { endpoint, params } = find(method, path);
    return [endpoint.call, params];
  } catch (error) {
    if (error instanceof AuthError) return [error.code, error.details?.allow];
    throw error;
  }
}

test.each([
  ["GET", "/auth/session", ["GET /session", {}]],
  ["POST", "/auth/sign-out", ["POST /sign-out", {}]],
  ["POST", "/auth/sign-out/all", ["POST /sign-out/all", {}]],
  ["GET", "/auth/keys/abc", ["GET /keys/:id", { id: "abc" }]],
  ["DELETE", "/auth/keys/A-_9", ["DELETE /keys/:id", { id: "A-_9" }]],
  ["GET", "/auth/keys/a/parts/b", ["GET /keys/:id/parts/:part", { id: "a", part: "b" }]],
  ["GET", "/auth/keys/constructor", ["GET /keys/:id", { id: "constructor" }]],
  ["POST", "/auth/session", ["method_not_allowed", ["GET", "HEAD"]]],
  ["get", "/auth/session", ["method_not_allowed", ["GET", "HEAD"]]],
  ["PUT", "/auth/keys/abc", ["method_not_allowed", ["GET", "HEAD", "DELETE"]]],
])("%s %s leads to %j", (method, path, match) => {
  expect(found(method, path)).toEqual(match);
});

test.each([
  "",
  "/",
  "/auth",
  "/auth/",
  "/session",
  "auth/session",
  "//auth/session",
  "/auth//session",
  "/auth/session/",
  "/auth/session//",
  "/AUTH/session",
  "/auth/Session",
  "/auth/./session",
  "/auth/../auth/session",
  "/auth/x/../session",
  "/auth/%73ession",
  "/auth%2fsession",
  "/auth/sign-out%2fall",
  "/auth/session%00",
  "/auth/session;a=1",
  "/auth/session.json",
  "/auth\\session",
  "/auth/keys/",
  "/auth/keys/..",
  "/auth/keys/.",
  "/auth/keys/a%2fb",
  "/auth/keys/a:b",
  "/auth/keys/a b",
  "/auth/keys/é",
  `/auth/keys/${"a".repeat(201)}`,
  "/auth/keys/:id/",
  "/auth/keys/:id",
])("%j leads nowhere", (path) => {
  expect(found("GET", path)).toEqual(["not_found", undefined]);
});

test.each([
  ["https://a.example/auth/session", "/auth/session"],
  ["https://a.example/auth/session?a=/b#c", "/auth/session"],
  ["https://a.example/auth/session#?a", "/auth/session#"],
  ["https://a.example//auth/%2e%2E/x", "//auth/%2e%2E/x"],
  ["https://a.example", "/"],
  ["https://user@a.example:8443/x", "/x"],
])("the path of %s is %s, as it was sent", (url, path) => {
  expect(pathOf(url)).toBe(path);
});
