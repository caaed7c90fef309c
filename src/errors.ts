/** Every failure that this library reports: code → HTTP status and sentence. A row stands here from the day something throws it. */
export const ERRORS = {
  config_invalid: [500, "The configuration is not valid."],
  storage_unsafe: [500, "This store cannot keep what the library promises."],
  storage_unavailable: [503, "The store does not answer. Try again later."],
  storage_corrupt: [500, "The store holds something that cannot be read."],
  secret_unknown: [503, "The store is sealed under a secret that is not configured."],
  keys_unavailable: [503, "The keys that check access tokens cannot be had. Try again later."],
  mail_failed: [503, "The message could not be sent. Try again later."],
  busy: [503, "There is too much to do just now. Try again in a moment."],
  internal: [500, "Something went wrong here."],
  input_invalid: [400, "The input is not valid."],
  json_invalid: [400, "The body is not valid JSON."],
  request_timeout: [408, "The body took too long to arrive."],
  body_too_large: [413, "The body is too large."],
  content_type_unsupported: [415, "The body must be sent as application/json."],
  not_found: [404, "There is nothing here."],
  method_not_allowed: [405, "This path does not answer that method."],
  unauthenticated: [401, "Sign in first."],
  token_invalid: [401, "The token is not valid."],
  token_expired: [401, "The access token has expired."],
  refresh_reused: [401, "The refresh token was used before. The session has been ended."],
  session_ended: [401, "The session has ended. Sign in again."],
  code_invalid: [401, "The code is wrong or has expired."],
  browser_mismatch: [401, "This link signs in where it was asked for. Open it in that browser."],
  challenge_invalid: [401, "This sign-in was used, has expired or does not exist. Start again."],
  credentials_invalid: [401, "This is not accepted here."],
  signature_invalid: [401, "The signature does not fit. Start again."],
  forbidden: [403, "This session may not do that. Sign in in another way."],
  origin_forbidden: [403, "Requests from this origin are not accepted."],
  sign_in_denied: [403, "Signing in was refused."],
  step_up_required: [403, "Sign in again to do this."],
  identifier_taken: [409, "This address already belongs to an account."],
  credential_taken: [409, "This passkey or key already belongs to an account."],
  limit_reached: [409, "There is no room for more."],
  password_weak: [422, "This password is not accepted."],
  rate_limited: [429, "Too many requests. Try again later."],
  request_in_progress: [
    409,
    "The same request is being answered, or nobody knows what came of it. Try again later.",
  ],
  idempotency_conflict: [422, "This idempotency key belongs to another request."],
} as const;

/** A stable, machine-readable name of a failure: one of the table, or one of a plug-in's or an application's own, which has a dot:
 * `sms.number_blocked`. */
export type ErrorCode = keyof typeof ERRORS | OwnErrorCode;

/** The name of a failure that is not this library's. */
export type OwnErrorCode = `${string}.${string}`;

/** A failure that is not this library's: its HTTP status, 400 to 599, and a sentence for people. */
export type ErrorRow = readonly [status: number, sentence: string];

/** One thing that is wrong with an input or an option. */
export interface Issue {
  /** Where: `body.email`, `session.ttl`. */
  readonly path: string;
  /** What would be right: "must be at least 32 characters long: it has 12". */
  readonly message: string;
}

/** What a failure tells besides its code. */
export interface ErrorDetails {
  /** `input_invalid`, `password_weak`, `config_invalid`: everything that is wrong. */
  readonly issues?: readonly Issue[];
  /** `code_invalid`: how many guesses are left. */
  readonly attemptsLeft?: number;
  /** `sign_in_denied`: why, where it was said. */
  readonly reason?: string;
  /** `rate_limited`, `request_in_progress`, `busy`: when to ask again, in seconds. */
  readonly retryAfter?: number;
  /** `credentials_invalid` of a passkey: what `PublicKeyCredential.signalUnknownCredential` takes, which has the authenticator forget it. */
  readonly signal?: { readonly rpId: string; readonly credentialId: string };
  /** `internal`: what to look for in the log. */
  readonly reference?: string;
  /** `storage_unsafe`, `storage_corrupt`, `storage_unavailable`, `mail_failed`, `keys_unavailable`, `signature_invalid`: what is wrong and what would be
   * right. For the operator: it is in the error's message, and never in a reply. */
  readonly remedy?: string;
  /** `method_not_allowed`: the methods that the path answers. */
  readonly allow?: readonly string[];
}

/** How a failure looks on the wire. */
export interface ErrorBody {
  /** Its name. */
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly message: string;
  /** The HTTP status. */
  readonly status: number;
  /** More about it. */
  readonly details?: ErrorDetails;
}

/** Marks every `AuthError`, whichever copy of this file made it: in the published package each door has its own. */
const BRAND = Symbol.for("latchkey.AuthError");

/** The only error that leaves this library on purpose. `instanceof` knows it from whichever door it comes.
 * @example Usage
 * ```ts
 * import { AuthError } from "@latchkey/auth";
 *
 * const error = new AuthError("code_invalid", { attemptsLeft: 4 });
 * console.log(error.status, error.toJSON());
 * ``` */
export class AuthError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Always `"AuthError"`. */
  override readonly name = "AuthError";
  /** Which failure it is: stable, made to be compared. */
  readonly code: ErrorCode;
  /** The HTTP status that goes with the code. */
  readonly status: number;
  /** More about it, by code. */
  readonly details: ErrorDetails | undefined;

  readonly #sentence: string;

  /** Makes the error of a code. Status and sentence come from the table; those of a code that is not in it are `options.row`. */
  constructor(
    code: ErrorCode,
    details?: ErrorDetails,
    options?: ErrorOptions & { readonly row?: ErrorRow },
  ) {
    const [status, sentence] = options?.row ?? rowOf(code);
    super(told(sentence, details), options);
    this.code = code;
    this.status = status;
    this.details = details;
    this.#sentence = sentence;
  }

  /** `x instanceof AuthError` holds for the errors of every copy of the class; of a class that extends it, for its own alone. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, Symbol.hasInstance)) {
      return Function.prototype[Symbol.hasInstance].call(this, value);
    }
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** What a reply says. What is for the operator stays here: configuration, keys and causes are never told. */
  toJSON(): ErrorBody {
    const { code, status, details } = this;
    const message = this.#sentence;
    if (details === undefined || FOR_OPERATORS.has(code)) return { code, message, status };
    return { code, message, status, details };
  }
}

const FOR_OPERATORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "config_invalid",
  "storage_unsafe",
  "storage_unavailable",
  "storage_corrupt",
  "secret_unknown",
  "mail_failed",
  "keys_unavailable",
  "signature_invalid",
]);

/** The row of a code, in the table or in `own`; of one that nobody has said anything about, that of `internal`. */
export function rowOf(code: ErrorCode, own: Readonly<Record<string, ErrorRow>> = {}): ErrorRow {
  const rows: Readonly<Record<string, ErrorRow>> = { ...own, ...ERRORS };
  return rows[code] ?? ERRORS.internal;
}

/** The message that a developer reads: the sentence, then everything that is wrong. */
function told(sentence: string, details: ErrorDetails | undefined): string {
  const more = details?.remedy ??
    details?.issues?.map(({ path, message }) => `${path} ${message}`).join("; ");
  return more === undefined ? sentence : `${sentence.replace(/\.$/, "")}: ${more}`;
}
