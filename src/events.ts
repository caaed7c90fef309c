/** What each event tells. A row stands here from the day something emits it; never a code, token, cookie, seed or body. */
export interface EventFields {
  /** Somebody signed in. `isNew`: that made the account. */
  readonly "signIn.succeeded": {
    readonly userId: string;
    readonly sessionId: string;
    readonly amr: readonly string[];
    readonly isNew: boolean;
  };
  /** A sign-in was refused, or what begins a session like one (a sign-up, a change of the password): by which operation, and the code of
   * the failure. */
  readonly "signIn.failed": {
    readonly operation: string;
    readonly code: string;
    /** What was wrong with a signature, or with what it was made of. */
    readonly why?: string;
  };
  /** A hook refused a sign-up: the code of the failure. */
  readonly "signUp.failed": { readonly code: string };
  /** An account was made. */
  readonly "user.created": { readonly userId: string };
  /** The name or the application's own fields of a user were changed: what those that changed are called. */
  readonly "user.updated": { readonly userId: string; readonly changed: readonly string[] };
  /** An account was removed, with all that it had. */
  readonly "user.removed": { readonly userId: string };
  /** A session began. */
  readonly "session.created": SessionFields;
  /** A refresh token was traded for the current one. */
  readonly "session.refreshed": SessionFields;
  /** A refresh token was refused: the code of the failure. */
  readonly "refresh.failed": { readonly code: string };
  /** A refresh token was used that had been used before: perhaps it was stolen. The session has ended. */
  readonly "session.reuse": SessionFields;
  /** A session ended before its time. */
  readonly "session.ended": SessionFields & {
    /** `ended`: by its owner or the application; `replaced`: by a sign-in from the same browser; `evicted`: one too many. */
    readonly reason: "ended" | "replaced" | "evicted";
  };
  /** All sessions of a user ended, but perhaps one. */
  readonly "sessions.ended": { readonly userId: string; readonly ended: number };
  /** A passkey was added to an account: its id among those of the user. */
  readonly "passkey.added": CredentialFields;
  /** A passkey was removed from an account. */
  readonly "passkey.removed": CredentialFields;
  /** A passkey whose counter did not go on: there is a copy of it. Nobody was let in by it. */
  readonly "passkey.cloned": CredentialFields;
  /** A key pair was added to an account. */
  readonly "key.added": CredentialFields;
  /** A key pair was removed from an account. */
  readonly "key.removed": CredentialFields;
  /** A user's password was changed: all earlier sessions have ended. */
  readonly "password.changed": { readonly userId: string };
  /** A user's password was set anew by a link: all sessions have ended. */
  readonly "password.reset": { readonly userId: string };
  /** A device was listed at which a user's password alone signs in. */
  readonly "device.added": DeviceFields;
  /** It was struck off. */
  readonly "device.removed": DeviceFields;
  /** Another key signs access tokens: its id. `revoked`: what the one before signed is refused. */
  readonly "keys.rotated": { readonly kid: string; readonly algorithm: string; readonly revoked: boolean };
  /** A mail was handed over: which, to whom where that is known, and by which server where it went over SMTP. */
  readonly "mail.sent": MailFields & { readonly locale: string; readonly server?: string };
  /** A mail was not sent. `failed`: it could not be; `bounced`: mail to its address had come back lately. */
  readonly "mail.failed": MailFields & { readonly reason: "failed" | "bounced" };
  /** Mail to an address has come back: for a day nothing is mailed there. Whose address it is, where anybody has it. */
  readonly "mail.bounced": { readonly userId?: string };
  /** Somebody asked more often than a limit allows: which limit, of which address where that is known. */
  readonly "limit.exceeded": { readonly limit: string; readonly ip: string | null };
  /** A request was turned away: from which operation, where it came so far, and why. */
  readonly "request.denied": {
    readonly operation: string | null;
    readonly code: string;
    readonly status: number;
  };
  /** Something failed that should not have: `reference` is what the reply named. */
  readonly "error": {
    readonly code: string;
    readonly message: string;
    readonly reference?: string;
    readonly cause?: unknown;
  };
}

/** Which mail. Its address is not told: a log is no place for it. */
export interface MailFields {
  /** The kind of the message. */
  readonly kind: string;
  /** The id of the user who has its address. */
  readonly userId?: string;
}

/** Whose device. */
export interface DeviceFields {
  /** The user's id. */
  readonly userId: string;
  /** The device's id. */
  readonly deviceId: string;
}

/** Whose passkey or key pair. */
export interface CredentialFields {
  /** The user's id. */
  readonly userId: string;
  /** Its id among those of the user. */
  readonly credentialId: string;
}

/** Whose session. */
export interface SessionFields {
  /** The user's id. */
  readonly userId: string;
  /** The session's id. */
  readonly sessionId: string;
}

/** The name of an event. */
export type EventName = keyof EventFields;

/** How much an event matters to whoever reads a log. */
export type Level = "debug" | "info" | "warn" | "error";

/** Event → level. */
export const EVENTS: { readonly [N in EventName]: Level } = {
  "signIn.succeeded": "info",
  "signIn.failed": "info",
  "signUp.failed": "info",
  "user.created": "info",
  "user.updated": "info",
  "user.removed": "info",
  "session.created": "info",
  "session.refreshed": "debug",
  "refresh.failed": "info",
  "session.reuse": "warn",
  "session.ended": "info",
  "sessions.ended": "info",
  "passkey.added": "info",
  "passkey.removed": "info",
  "passkey.cloned": "warn",
  "key.added": "info",
  "key.removed": "info",
  "password.changed": "info",
  "password.reset": "info",
  "device.added": "info",
  "device.removed": "info",
  "keys.rotated": "info",
  "mail.sent": "info",
  "mail.failed": "warn",
  "mail.bounced": "warn",
  "limit.exceeded": "info",
  "request.denied": "info",
  "error": "error",
};

/** An event, as listeners get it. */
export type AuthEvent<N extends EventName = EventName> = {
  readonly [K in N]: {
    /** Its name. */
    readonly event: K;
    /** When. ISO 8601, UTC. */
    readonly at: string;
    /** The request that it came of, as its reply's `X-Request-Id` named it. */
    readonly requestId?: string;
    /** How long that request had been served by then, in milliseconds. */
    readonly durationMs?: number;
  } & EventFields[K];
}[N];

/** A place for log lines: one object each, `{ service, event, at, … }`. pino, winston and console are such. */
export interface Logger {
  /** What happens all the time. */
  readonly debug?: (line: object) => void;
  /** What happens. */
  readonly info: (line: object) => void;
  /** What somebody should look at. */
  readonly warn: (line: object) => void;
  /** What failed. */
  readonly error: (line: object) => void;
}
