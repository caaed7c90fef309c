// What is secret, and where it belongs: there and nowhere else.
import type { AnyRoute, Call } from "../../src/contract.ts";
import { calls } from "../../src/features/calls.ts";
import { always, chosen } from "../../src/features/index.ts";
import type { AuthOptions } from "../../src/options.ts";
import type { Secret } from "./leaks.ts";

// | secret                                              | belongs                                          |
// |-----------------------------------------------------|--------------------------------------------------|
// | a code                                              | into its mail; kept as a keyed hash              |
// | the token of a link                                 | into its mail; kept nowhere                      |
// | session and device tokens                           | into `Set-Cookie` of the reply that issues them  |
// | refresh, access and device tokens                   | into a member of the reply that issues them      |
// | the hash of a token, which nobody can guess         | into the store                                   |
// | a reply that is kept for whoever asks again         | into the store, sealed; tokens not even so       |
// | private keys, the lookup key                        | into the store, sealed                           |
// | secrets, passwords and own keys of the options      | nowhere                                          |
// | keys derived from those                             | nowhere                                          |
// | what clients make up or type: attempts, codes, keys | nowhere                                          |

/** What is issued: a token of a kind. */
export type Kind = "an access token" | "a refresh token" | "a device token" | "a session token";

/** The members of a reply that tokens are issued in. */
export const MEMBERS: Readonly<Record<string, Kind>> = {
  accessToken: "an access token",
  refreshToken: "a refresh token",
  deviceToken: "a device token",
};

const GRANT: readonly Kind[] = ["an access token", "a refresh token", "a device token", "a session token"];

/** What methods issue, besides those whose route starts a session. */
const ISSUING: Readonly<Record<string, readonly Kind[]>> = {
  cookies: ["a session token", "a device token"],
  "sessions.create": ["an access token", "a refresh token", "a device token"],
  "sessions.refresh": ["an access token", "a refresh token", "a device token"],
  "sessions.token": ["an access token"],
  "sessions.endAll": ["a device token"], // one that counts from now on, for whoever keeps the session
};

/** What the operations of a server issue, by method and by call, those of plug-ins too. */
export function issuing({ plugins = [] }: Partial<AuthOptions>): ReadonlyMap<string, readonly Kind[]> {
  const own = Object.entries(calls).map(([name, those]) =>
    [name, those, { ...always, ...chosen }[name as keyof typeof calls].routes] as const
  );
  const added = plugins.map(({ name, feature }) => {
    const { calls = {}, routes = {} }: { readonly calls?: object; readonly routes?: object } = feature;
    return [name, calls, routes] as const;
  });
  const found = [...own, ...added].flatMap(([name, those, routes]) =>
    Object.entries(those as Readonly<Record<string, Call>>).flatMap(([method, call]) => {
      const route = (routes as Readonly<Record<string, AnyRoute>>)[method];
      const kinds = ISSUING[`${name}.${method}`] ?? (route?.session === "starts" ? GRANT : []);
      return [[`${name}.${method}`, kinds] as const, [call, kinds] as const];
    })
  );
  return new Map([...Object.entries(ISSUING), ...found]);
}

/** What one of them issues: `feature.method`, or `METHOD /path`, wherever the routes begin. */
export function issuedBy(operation: string, issues: ReadonlyMap<string, readonly Kind[]>): readonly Kind[] {
  return [...issues].flatMap(([one, kinds]) => {
    const [method = "", path = ""] = one.split(" ");
    const isRoute = path !== "" && operation.startsWith(`${method} `) && operation.endsWith(path);
    return operation === one || isRoute ? kinds : [];
  });
}

/** What a client makes up or types, by the member of what it sends. */
const SENT: Readonly<Record<string, string>> = {
  attempt: "an attempt",
  code: "a code that was typed",
  password: "a password",
  newPassword: "a password",
  currentPassword: "a password",
  "idempotency-key": "an idempotency key",
  "x-idempotency-key": "an idempotency key",
};
const LEAST = 6; // characters: what is shorter stands everywhere

/** The secrets in what a client sends. */
export function sentIn(input: unknown): readonly Secret[] {
  return Object.entries(Object(input)).flatMap(([member, value]) => {
    const is = SENT[member.toLowerCase()] ?? SENT[member];
    return is !== undefined && typeof value === "string" ? secretIs(is, value) : [];
  });
}

/** A text that is secret, unless it is too short for that. */
export function secretIs(is: string, value: string): readonly Secret[] {
  return value.length < LEAST ? [] : [{ is, value, guessable: is.includes("code") }];
}
