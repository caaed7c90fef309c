import type { Duration } from "./base/duration.ts";
/** Somebody who can sign in. */
export interface User {
  /** 26 letters and digits, never used again. */
  readonly id: string;
  /** The e-mail address in canonical form, or null. */
  readonly email: string | null;
  /** Whether somebody has proven that the address is theirs. */
  readonly emailVerified: boolean;
  /** A name to show. */
  readonly name: string | null;
  /** What the user may do. */
  readonly roles: readonly string[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** What changes of what is told of a user: the name, and the application's own fields. Null removes one; what is not named
 * stays as it is. */
export type ProfileChange<U extends User = User> =
  & {
    /** A name to show, of at most 64 bytes; null for none. */
    readonly name?: string | null | undefined;
  }
  & { readonly [K in Exclude<keyof U, keyof User>]?: U[K] | null };

/** One sign-in on one device. */
export interface Session {
  /** 26 letters and digits. */
  readonly id: string;
  /** When the user signed in. ISO 8601, UTC. */
  readonly createdAt: string;
  /** When it was last used, rounded down to the hour. ISO 8601, UTC. */
  readonly lastUsedAt: string;
  /** When it ends however much it is used. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** How the user signed in (RFC 8176): `["otp", "email"]` for a mailed code. */
  readonly amr: readonly string[];
  /** The address that the sign-in came from, where it is known. */
  readonly ip: string | null;
  /** What the browser or program called itself. */
  readonly userAgent: string | null;
  /** For whom its access tokens are, where it is bound to another audience than the usual one. */
  readonly audience?: string;
  /** Whether it is the session of whoever asks. */
  readonly current: boolean;
}

/** How a session is carried: in an HttpOnly cookie, or as tokens that the client keeps. */
export type SessionMode = "cookie" | "bearer";

/** What every finished sign-in answers. The tokens are there for `bearer` only; a cookie is never shown to scripts.
 * `U`: users with the application's own fields. */
export interface Grant<U extends User = User> {
  /** Who signed in. */
  readonly user: U;
  /** The session that began. */
  readonly session: Session;
  /** Always `"Bearer"` (RFC 6750). */
  readonly tokenType?: "Bearer";
  /** A signed token (RFC 9068) that says who the user is. */
  readonly accessToken?: string;
  /** How long the access token lives, in seconds. */
  readonly expiresIn?: number;
  /** What `POST /session/refresh` trades for the next access token. */
  readonly refreshToken?: string;
  /** By which this device is known again for a year: send it as the header `Latchkey-Device`. What strangers guess then keeps
   * nobody here from signing in. */
  readonly deviceToken?: string;
  /** Where the browser goes next, where the sign-in was begun with that. */
  readonly redirect?: string;
}

/** An access token. */
export interface AccessToken {
  /** Always `"Bearer"` (RFC 6750). */
  readonly tokenType: "Bearer";
  /** A signed token (RFC 9068) that says who the user is. */
  readonly accessToken: string;
  /** How long it lives, in seconds. */
  readonly expiresIn: number;
}

/** Who is signed in. `U`: users with the application's own fields. */
export interface SignedIn<U extends User = User> {
  /** The user. */
  readonly user: U;
  /** The session that the request came with. */
  readonly session: Session;
}

/** Nobody is signed in. */
export interface SignedOut {
  /** Nobody. */
  readonly user: null;
  /** None. */
  readonly session: null;
}

/** A page that a plug-in's route answers. It loads nothing but what is in it: scripts and styles of any other origin, and those
 * written into `body`, do not run. */
export interface Page {
  /** Its title, as text. */
  readonly title: string;
  /** What is between `<body>` and `</body>`: HTML. Whatever in it comes from elsewhere must be escaped. */
  readonly body: string;
  /** A script. */
  readonly script?: string;
  /** A style sheet. */
  readonly style?: string;
}

/** Where a plug-in's route sends the browser: an address of `baseUrl`'s origin or of one in `trustedOrigins`. */
export interface Redirect {
  /** The address, or a path that begins with one slash. */
  readonly to: string;
}

/** A step that waits for what was mailed. */
export interface MailedStep {
  /** Names this sign-in. Tell it to nobody else. */
  readonly challengeId: string;
  /** When the newest code expires. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** From when on another mail can be asked for. ISO 8601, UTC. */
  readonly resendAt: string;
}

/** What is answered in place of a grant where one step is not enough: something was mailed, and nobody is signed in yet. */
export interface PendingStep {
  /** The step that waits. */
  readonly challenge: {
    /** Names it. Tell it to nobody else. */
    readonly id: string;
    /** What is awaited. */
    readonly kind: "email_code";
    /** When the newest code expires. ISO 8601, UTC. */
    readonly expiresAt: string;
    /** From when on another mail can be asked for. ISO 8601, UTC. */
    readonly resendAt: string;
  };
}

/** Where a request came from. */
export interface ClientInfo {
  /** The client's address. */
  readonly ip?: string | null | undefined;
  /** The `User-Agent` header. Of a long one the first 256 characters are kept. */
  readonly userAgent?: string | null | undefined;
  /** The language that mail to whoever asks is to be written in: `"de"`, `"de-AT"`. The handler asks `email.locale`; one that is
   * no language tag, or has no mail in it, is as good as none. */
  readonly locale?: string | null | undefined;
  /** What it shows to be known again: the `deviceToken` of an earlier grant, or what the device cookie holds. */
  readonly device?: string | null | undefined;
  /** The steps by link that this browser has begun, as the link cookie holds them: their ids, with dots between. */
  readonly links?: string | null | undefined;
  /** The id of the request, as its reply names it. */
  readonly requestId?: string | null | undefined;
}

/** What a server tells of a connection: Deno's `ServeHandlerInfo`, Bun's `Server`, or an object with the address itself. */
export interface ConnectionInfo {
  /** The client's address: of `node:http` and its like. */
  readonly remoteAddress?: string | undefined;
  /** Of Deno: its member `hostname` is the address. */
  readonly remoteAddr?: object | undefined;
  /** Of Bun. */
  readonly requestIP?: ((request: Request) => { readonly address: string } | null) | undefined;
}

/** A limit of the application's own: so many in so much time, of each who is counted by himself. */
export interface OwnLimit {
  /** What is limited: each name counts by itself. 1 to 64 letters, digits, spaces and `_ . : / -`. */
  readonly name: string;
  /** How many, 1 to 100,000. They may come all at once. */
  readonly limit: number;
  /** In what time, 1 second to 30 days. */
  readonly per: Duration;
  /** Who is counted: the id of a user, an account number, whatever should count by itself. Without it, the client's address. */
  readonly key?: string | undefined;
  /** What the server tells of the connection, as the handler takes it. */
  readonly info?: unknown;
}

/** A request that a limit allowed. */
export interface WithinLimit {
  /** How many more there may be at this moment. */
  readonly remaining: number;
  /** When there may be as many as ever, in seconds. */
  readonly resetAfter: number;
  /** For the reply: `RateLimit` and `RateLimit-Policy`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A mail, ready to be sent. */
export interface Message {
  /** Which mail it is: `"emailOtp.code"`. */
  readonly kind: string;
  /** One recipient, in canonical form. */
  readonly to: { readonly address: string; readonly name?: string };
  /** One line. */
  readonly subject: string;
  /** The whole message as plain text. */
  readonly text: string;
  /** The same as HTML, a whole document. */
  readonly html: string;
  /** The language that it is written in (BCP 47). */
  readonly locale: string;
  /** What the message tells: {@link MailKinds} has the members for each kind. */
  readonly data: Readonly<Record<string, string>>;
  /** The same for the same message: a mail service that knows it will not send it twice. */
  readonly idempotencyKey: string;
}

/** The kinds of mail, and what each has to tell. */
export interface MailKinds {
  /** Brings a code to sign in with. */
  readonly "emailOtp.code": CodeMail;
  /** Says that a key pair was added to the account. */
  readonly "key.added": NoticeMail;
  /** Says that a key pair was removed. */
  readonly "key.removed": NoticeMail;
  /** Brings a link to sign in by. */
  readonly "magicLink.link": LinkMail;
  /** Says that a passkey was added to the account. */
  readonly "passkey.added": NoticeMail;
  /** Says that a passkey was removed. */
  readonly "passkey.removed": NoticeMail;
  /** Brings the code that a change of the password waits for. */
  readonly "password.changeCode": CodeMail;
  /** Says that the password was changed. */
  readonly "password.changed": DoneMail;
  /** Says that the password was set anew by a link. */
  readonly "password.reset": DoneMail;
  /** Brings the link to set a password anew. */
  readonly "password.resetLink": LinkMail;
  /** Brings the code that a sign-in waits for after the right password. */
  readonly "password.signInCode": CodeMail;
  /** Brings the code that proves the address of a new account. */
  readonly "password.signUpCode": CodeMail;
  /** Says to whoever has an account that somebody asked for another one with its address. */
  readonly "password.signUpTaken": DoneMail;
}

/** What a mail tells that says what was done, and nothing more. */
export interface DoneMail {
  /** When it was done. ISO 8601, UTC. */
  readonly at: string;
}

/** What a mail tells the owner of an account that something was done to it. It goes to a proven address, where mail is configured. */
export interface NoticeMail {
  /** What the passkey or key pair is called. */
  readonly name: string;
  /** When it was done. ISO 8601, UTC. */
  readonly at: string;
}

/** What a mail tells that brings a code. */
export interface CodeMail {
  /** The code as it is to be typed. */
  readonly code: string;
  /** When it expires. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** How long it is valid from now on, in whole minutes. */
  readonly minutes: string;
}

/** What a mail tells that brings a link. */
export interface LinkMail {
  /** The link. */
  readonly link: string;
  /** When it expires. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** How long it is valid from now on, in whole minutes. */
  readonly minutes: string;
}

/** A mail as it is worded. */
export interface MailText {
  /** One line. */
  readonly subject: string;
  /** The whole message as plain text; an empty line between paragraphs. */
  readonly text: string;
  /** The same as HTML. @default {the paragraphs of `text`} */
  readonly html?: string | undefined;
}

/** Words a mail. `data` is text as it is: what of it goes into HTML must be escaped there. */
export type MailTemplate<D> = (data: D, locale: string) => MailText | Promise<MailText>;

/** How a mail is worded in each language, by language tag. What there is no language for is told in English. */
export interface MailWordings<D> {
  /** In English. */
  readonly en: MailTemplate<D>;
  /** In others. */
  readonly [locale: string]: MailTemplate<D>;
}

/** Mails worded by the application, in place of ours: for each kind one function for all languages, or one for each. */
export type MailTemplates = {
  readonly [K in keyof MailKinds]?: MailTemplate<MailKinds[K]> | Partial<MailWordings<MailKinds[K]>>;
};

/** A description of all routes, in OpenAPI 3.1. */
export interface OpenApi {
  /** Which version of OpenAPI it is written in. */
  readonly openapi: string;
  /** What it describes. */
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** Path → method → operation. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  /** What else OpenAPI has. */
  readonly [member: string]: unknown;
}
