import type { OpenApi } from "../../model.ts";
import type { Calls } from "../../contract.ts";

/** What anybody may know. */
export interface WellKnown {
  /** The public keys that access tokens are signed with, as a JWK Set. Symmetric keys are never in it.
   * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5 | RFC 7517 section 5}
   * @example Usage
   * ```ts ignore
   * const { keys } = await auth.signingKeys.jwks();
   * ``` */
  jwks(input: Record<never, never>): Promise<KeySet>;
  /** Whether the store answers, asked anew each time.
   * @throws {AuthError} `storage_unavailable` and its like, where it does not
   * @example Usage
   * ```ts ignore
   * const { status } = await auth.health();
   * ``` */
  health(input: Record<never, never>): Promise<Health>;
  /** The document that describes all routes, in OpenAPI 3.1. It is made when it is first asked for.
   * @see {@link https://spec.openapis.org/oas/v3.1.1 | OpenAPI 3.1}
   * @example Usage
   * ```ts ignore
   * const { paths } = await auth.openapi();
   * ``` */
  openapi(input: Record<never, never>): Promise<OpenApi>;
}

/** A JWK Set. */
export interface KeySet {
  /** The public keys, as JWKs. */
  readonly keys: readonly Readonly<Record<string, string>>[];
}

/** That all is well. */
export interface Health {
  /** Always `"ok"`: anything else is an error. */
  readonly status: "ok";
}

/** Where each method is reached. */
export const calls: Calls<WellKnown> = {
  jwks: "GET /jwks",
  health: "GET /health",
  openapi: "GET /openapi.json",
};
