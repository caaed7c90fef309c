/** How access tokens are signed (RFC 7518 section 3.1, RFC 8037): Ed25519, ECDSA on P-256, RSASSA-PKCS1-v1_5, HMAC. */
export type Algorithm =
  | "EdDSA"
  | "ES256"
  | "RS256"
  | "RS384"
  | "RS512"
  | "HS256"
  | "HS384"
  | "HS512";

/** All of them. */
export const ALGORITHMS: readonly Algorithm[] = [
  "EdDSA",
  "ES256",
  "RS256",
  "RS384",
  "RS512",
  "HS256",
  "HS384",
  "HS512",
];

/** How long others may keep the published keys, in seconds. A key is among them for as long before it signs. */
export const PUBLISHED_FOR = 300;
