import type { ClientInfo, Grant, MailedStep, SessionMode, User } from "../model.ts";
import type { Mailbox } from "./mailbox.ts";

/** What of `createAuth` is needed to sign somebody in. */
export interface Admitting {
  /** The origin of its pages. */
  readonly origin: string;
  /** Its accounts. */
  readonly users: {
    /** The user with an address. */
    find(input: { readonly email: string }): Promise<User | null>;
    /** Makes one. */
    create(input: { readonly email: string; readonly emailVerified: boolean }): Promise<User>;
  };
  /** Its sessions. */
  readonly sessions: {
    /** Begins one. */
    create(input: Carried & { readonly userId: string }): Promise<Grant>;
  };
  /** The cookies of a grant. */
  cookies(grant: Grant): readonly string[];
  /** Signing in with a mailed code, where that is on. */
  readonly emailOtp?: {
    /** Mails the code. */
    start(input: { readonly email: string }): Promise<MailedStep>;
    /** Takes it. */
    verify(input: Carried & { readonly challengeId: string; readonly code: string }): Promise<Grant>;
  };
}

/** How a session is carried, and where its owner is. */
export interface Carried {
  /** In a cookie or as tokens. @default {"cookie", where cookies are on} */
  readonly session?: SessionMode;
  /** Where the sign-in comes from. */
  readonly client?: ClientInfo;
}

/** What {@link signedIn} may be told. */
export interface SigningIn extends Carried {
  /** Where the code arrives: signs in with `emailOtp`, as people do. Without it nothing is mailed, and the session's `amr` is empty. */
  readonly mailbox?: Mailbox;
  /** What `users.create` is to be told of somebody new, besides the address: a name, the application's own fields. */
  readonly user?: object;
}

/** Signs somebody in, whose account is made where there is none, and resolves to what goes with each of their requests: the cookies
 * and the origin of a browser on the application's own pages, or the tokens of a program.
 * @throws {AuthError} what signing in throws
 * @throws {TypeError} for a mailbox where `emailOtp` is off
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { signedIn, testbed } from "@latchkey/auth/testing";
 *
 * const auth = createAuth({ baseUrl: "http://localhost:3000", ...testbed().options });
 * const headers = await signedIn(auth, "ada@example.com");
 * const request = new Request("http://localhost:3000/orders", { method: "POST", headers });
 * console.log((await auth.requireSession(request)).user.email); // "ada@example.com"
 * ``` */
export async function signedIn(auth: Admitting, email: string, options: SigningIn = {}): Promise<Headers> {
  const grant =
    await (options.mailbox === undefined ? admitted(auth, email, options) : mailed(auth, email, options));
  const headers = new Headers();
  if (grant.accessToken === undefined) {
    const pairs = auth.cookies(grant).map((cookie) => cookie.split(";", 1)[0]);
    headers.set("origin", auth.origin);
    headers.set("cookie", pairs.join("; "));
  } else {
    headers.set("authorization", `Bearer ${grant.accessToken}`);
    if (grant.deviceToken !== undefined) headers.set("latchkey-device", grant.deviceToken);
  }
  return headers;
}

/** On the application's own authority. */
async function admitted(auth: Admitting, email: string, { user, ...options }: SigningIn): Promise<Grant> {
  const { id: userId } = await auth.users.find({ email }) ?? await created(auth, email, user);
  return await auth.sessions.create({ ...carried(options), userId });
}

async function created({ users }: Admitting, email: string, user: object | undefined): Promise<User> {
  try {
    return await users.create({ emailVerified: true, ...user, email });
  } catch (error) {
    const other = await users.find({ email });
    if (other === null) throw error;
    return other; // who was signed in at the same time
  }
}

async function mailed({ emailOtp }: Admitting, email: string, options: SigningIn): Promise<Grant> {
  const { mailbox } = options;
  if (emailOtp === undefined || mailbox === undefined) {
    throw new TypeError("mailbox is of use where emailOtp is on: it is off");
  }
  const { challengeId } = await emailOtp.start({ email });
  return await emailOtp.verify({ ...carried(options), challengeId, code: mailbox.code(email) });
}

/** Only what was said: an option that is undefined is none. */
function carried({ session, client }: Carried): Carried {
  return { ...(session && { session }), ...(client && { client }) };
}
