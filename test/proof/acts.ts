// What can be done at a server, each as one thing that somebody does, and what must have happened before.
import type { Identifier } from "../../src/core/account_record.ts";
import type { Grant } from "../../src/model.ts";
import { type Client, client, type FullAuth } from "../suite/client.ts";
import { faulty } from "../suite/faults.ts";
import { asksReset } from "../suite/password_holder.ts";
import { BASE_URL, type World } from "../suite/world.ts";
import { addTo } from "./accounts.ts";
import {
  type Keys,
  keys,
  type MakersAnswers,
  makersAnswers,
  type Passkeys,
  passkeys,
} from "./credential_parts.ts";
import { givePassword, type Passwords, passwords, signUps, type Step } from "./password_parts.ts";

export const ADA = "ada@example.com";
/** Whom nobody knows at first. */
export const EVE = "eve@example.com";
/** Whose address somebody else has put in an account of theirs. */
export const BOB = "bob@example.com";

/** What Ada's account has besides, where that is needed. */
export const KAY = "kay@example.com";

/** Somebody who waits for an answer by mail, and gets it. */
interface Pending {
  readonly challengeId: string;
  readonly code: string;
}

/** Somebody who waits for a link by mail, and gets it. */
interface Linked {
  readonly challengeId: string;
  readonly token: string;
}

/** What was made ready. */
export interface Parts {
  ada: { readonly id: string; readonly cookie: Headers; readonly sid: string; readonly other: Grant };
  codes: readonly Pending[];
  evesCodes: readonly Pending[];
  link: Linked;
  evesLink: Linked;
  maker: { readonly id: string; readonly cookie: Headers; readonly sid: string };
  bobsCode: Pending;
  makersAnswers: MakersAnswers;
  passkey: Passkeys;
  key: Keys;
  passwords: Passwords;
  makersReset: string;
  evesSignUps: readonly Step[];
}

export type Need =
  | "ada"
  | "a second value"
  | "a claim left behind"
  | "a session without a record"
  | "maker"
  | "maker's credentials"
  | "a draft left behind"
  | "codes"
  | "evesCodes"
  | "link"
  | "evesLink"
  | "passkey"
  | "key"
  | "password"
  | "maker's password"
  | "evesSignUps"
  | "a minute ago";

type Prepare = (here: World, parts: Partial<Parts>) => Promise<void>;

/** What makes ready: in this order. */
const PREPARATIONS: Readonly<Record<Need, Prepare>> = {
  /** Ada has signed in twice. */
  async ada(here, parts) {
    const [browser, program] = [here.person(), here.person()];
    const { user, session } = await answer(here, browser, ADA);
    const other = await answer(here, program, ADA, "bearer");
    parts.ada = { id: user.id, cookie: browser.headers, sid: session.id, other };
  },
  async "a second value"(here, { ada }) {
    const { id: uid = "", sid: acting = "" } = ada ?? {};
    await addTo(await here.accounts(), { uid, acting }, { values: [address(KAY)] });
  },
  /** Ada began to add Eve's address, and died when it was claimed. It is Ada's no longer by the time that she comes again. */
  async "a claim left behind"(here, { ada }) {
    const { id: uid = "", sid: acting = "" } = ada ?? {};
    const store = dead(here, "users", 2);
    await addTo(await here.accounts(store.driver), { uid, acting }, { values: [address(EVE)] }).catch(
      () => {},
    );
    await here.turn("61s");
  },
  /** Ada's account lists a session whose record never came. */
  async "a session without a record"(here) {
    const { auth, store } = dying(here, "sessions");
    await dies(answer(here, client(auth, "method"), ADA));
    store.fault = null;
    await here.turn("61s");
  },
  /** Somebody has made an account with Bob's address, and lives in it. */
  async maker(here, parts) {
    const { users, sessions } = here.server();
    const { id } = await users.create({ email: BOB, name: "Mallory" });
    const kept = { fields: { club: "chess" }, slots: { game: { moves: 3 } } };
    await (await here.accounts()).change(
      id,
      (now) => ({ next: now && { ...now, ...kept }, result: undefined }),
    );
    const grant = await sessions.create({ userId: id, session: "cookie" });
    parts.maker = { id, cookie: shown(here, grant), sid: grant.session.id };
    parts.bobsCode = await asked(here, BOB);
  },
  async "maker's credentials"(here, parts) {
    parts.makersAnswers = await makersAnswers(asMaker(here.server(), parts as Parts), here);
  },
  /** Somebody began to make an account for Eve, and died. */
  async "a draft left behind"(here) {
    const { auth } = dying(here, "users", 2);
    await dies(answer(here, client(auth, "method"), EVE));
  },
  async codes(here, parts) {
    parts.codes = [await asked(here, ADA), await asked(here, ADA)];
  },
  async evesCodes(here, parts) {
    parts.evesCodes = [await asked(here, EVE), await asked(here, EVE)];
  },
  async link(here, parts) {
    parts.link = await linked(here, ADA);
  },
  async evesLink(here, parts) {
    parts.evesLink = await linked(here, EVE);
  },
  async passkey(here, parts) {
    parts.passkey = await passkeys(asAda(here.server(), parts as Parts), here);
  },
  async key(here, parts) {
    parts.key = await keys(asAda(here.server(), parts as Parts), here);
  },
  async password(here, parts) {
    const { id = "", cookie = new Headers() } = parts.ada ?? {};
    await givePassword(here, id);
    parts.passwords = await passwords(here, ADA, cookie);
  },
  async "maker's password"(here, parts) {
    await givePassword(here, parts.maker?.id ?? "");
    parts.makersReset = await asksReset(here, BOB);
  },
  async evesSignUps(here, parts) {
    parts.evesSignUps = await signUps(here, EVE);
  },
  /** So long ago that another mail can be asked for. */
  async "a minute ago"(here) {
    await here.turn("61s");
  },
};

/** An act. */
export interface Act {
  readonly needs: readonly Need[];
  readonly act: (auth: FullAuth, parts: Parts, here: World) => Promise<unknown>;
}

/** Makes ready what some acts need. */
export async function prepared(here: World, needs: readonly Need[]): Promise<Parts> {
  const parts: Partial<Parts> = {};
  await here.server().signingKeys.jwks(); // a store that is in use has keys
  for (const [need, prepare] of Object.entries(PREPARATIONS)) {
    if (needs.includes(need as Need)) await prepare(here, parts);
  }
  return parts as Parts; // whoever asks for what was not made ready fails
}

export const asAda = (auth: FullAuth, { ada }: Parts): Client => wearing(auth, ada.cookie);
export const asMaker = (auth: FullAuth, { maker }: Parts): Client => wearing(auth, maker.cookie);
const ada: readonly Need[] = ["ada"];
const answers: readonly Need[] = ["ada", "codes"];
const bob: readonly Need[] = ["maker"];
const eve: readonly Need[] = ["evesCodes"];

const refresh = (attempt?: string): Act["act"] => (auth, { ada: { other } }) =>
  client(auth, "method").sessions.refresh({
    refreshToken: String(other.refreshToken),
    ...(attempt !== undefined && { attempt }),
  });

/** All of them, by what they are. */
export const ACTS: Readonly<Record<string, Act>> = {
  "a start": { needs: ada, act: (auth) => client(auth, "method").emailOtp.start({ email: ADA }) },
  "a stranger's start": { needs: [], act: (auth) => client(auth, "method").emailOtp.start({ email: EVE }) },
  "a start that is answered twice": {
    needs: ada,
    async act(auth, _parts, here) {
      const somebody = client(auth, "method");
      const { challengeId } = await somebody.emailOtp.start({ email: ADA });
      const pending = { challengeId, code: here.mailbox.code(ADA) };
      const grant = await verify(auth, pending);
      await verify(auth, pending).catch(() => {}); // refused, as it should be
      return grant;
    },
  },
  "a resend": {
    needs: [...answers, "a minute ago"],
    act: (auth, { codes }) =>
      client(auth, "method").challenges.resend({ challengeId: codes[0]!.challengeId }),
  },
  "an answer": { needs: answers, act: (auth, { codes }) => verify(auth, codes[0]) },
  "an answer by a program": { needs: answers, act: (auth, { codes }) => verify(auth, codes[0], "bearer") },
  "an answer to another": { needs: answers, act: (auth, { codes }) => verify(auth, codes[1]) },
  "a wrong answer": {
    needs: answers,
    act: (auth, { codes }) =>
      verify(auth, { ...codes[0]!, code: codes[0]!.code === "111111" ? "222222" : "111111" }),
  },
  "a link's answer": {
    needs: ["ada", "link"],
    act: (auth, { link }) => client(auth, "method").magicLink.verify(link),
  },
  "a link's answer elsewhere": {
    needs: ["ada", "link"],
    act: (auth, { link }) => client(auth, "method").magicLink.verify({ token: link.token }),
  },
  "another link for a step": {
    needs: ["ada", "link", "a minute ago"],
    act: (auth, { link }) => client(auth, "method").challenges.resend({ challengeId: link.challengeId }),
  },
  "a sign-up by a link": {
    needs: ["evesLink"],
    act: (auth, { evesLink }) => client(auth, "method").magicLink.verify(evesLink),
  },
  "a sign-up": { needs: eve, act: (auth, { evesCodes }) => verify(auth, evesCodes[0]) },
  "a sign-up by another answer": { needs: eve, act: (auth, { evesCodes }) => verify(auth, evesCodes[1]) },
  "a sign-up after one that crashed": {
    needs: ["a draft left behind", ...eve],
    act: (auth, { evesCodes }) => verify(auth, evesCodes[0]),
  },
  "a proof of what is unproven": { needs: bob, act: (auth, { bobsCode }) => verify(auth, bobsCode) },
  "a refresh": { needs: ada, act: refresh() },
  "a refresh with an attempt": { needs: ada, act: refresh("a-random-text-that-was-kept") },
  "a check": { needs: ada, act: (auth, parts) => asAda(auth, parts).sessions.get() },
  "a check by the account's maker": { needs: bob, act: (auth, parts) => asMaker(auth, parts).sessions.get() },
  "a token": { needs: ada, act: (auth, parts) => asAda(auth, parts).sessions.token() },
  "a list": { needs: ada, act: (auth, parts) => asAda(auth, parts).sessions.list() },
  "a list by the application": {
    needs: ada,
    act: (auth, { ada: { id: userId } }) => auth.sessions.list({ userId }),
  },
  "a list with what is lost": {
    needs: ["ada", "a session without a record"],
    act: (auth, parts) => asAda(auth, parts).sessions.list(),
  },
  "a change": { needs: ada, act: (auth, parts) => asAda(auth, parts).account.update({ name: "Ada" }) },
  "a change by the account's maker": {
    needs: bob,
    act: (auth, parts) => asMaker(auth, parts).account.update({ name: "Mallory" }),
  },
  "a change by the application": {
    needs: ada,
    act: (auth, parts) => auth.users.update({ id: parts.ada.id, name: "Ada" }),
  },
  "an end": {
    needs: ada,
    act: (auth, parts) => asAda(auth, parts).sessions.end({ id: parts.ada.other.session.id }),
  },
  "an end of the first": {
    needs: ada,
    act: (auth, { ada: { id: userId, sid: id } }) => auth.sessions.end({ userId, id }),
  },
  "a sign-out": { needs: ada, act: (auth, parts) => asAda(auth, parts).sessions.signOut() },
  "endAll": { needs: ada, act: (auth, parts) => asAda(auth, parts).sessions.endAll() },
  "endAll by the application": {
    needs: ada,
    act: (auth, { ada: { id: userId } }) => auth.sessions.endAll({ userId }),
  },
  "endAll of whoever is Eve": {
    needs: [],
    async act(auth) {
      const user = await auth.users.find({ email: EVE });
      return user === null ? null : await auth.sessions.endAll({ userId: user.id });
    },
  },
  "endAll of whoever is about to be somebody": {
    needs: [],
    async act(auth, _parts, here) {
      const drafts = [...await here.contents()].filter(([key, text]) =>
        key.startsWith("users:") && text.includes('"draft"')
      );
      for (const [key] of drafts) await auth.sessions.endAll({ userId: key.slice("users:".length) });
    },
  },
  "endAll by the account's maker": {
    needs: bob,
    act: (auth, parts) => asMaker(auth, parts).sessions.endAll(),
  },
  "a removal": { needs: ada, act: (auth, parts) => asAda(auth, parts).account.remove() },
  "a removal by the application": {
    needs: ada,
    act: (auth, parts) => auth.users.remove({ id: parts.ada.id }),
  },
  "a removal of whoever is Eve": {
    needs: [],
    async act(auth) {
      const user = await auth.users.find({ email: EVE });
      return user === null ? null : await auth.users.remove({ id: user.id });
    },
  },
  "an account by the application": {
    needs: [],
    act: (auth) => auth.users.create({ email: EVE, emailVerified: true }),
  },
  "another account with Ada's address": {
    needs: ada,
    act: (auth) => auth.users.create({ email: ADA, emailVerified: true }),
  },
  "an account with an unproven address": {
    needs: [],
    act: (auth) => auth.users.create({ email: EVE, name: "Mallory" }),
  },
  "a session by the application": {
    needs: ada,
    act: (auth, parts) => auth.sessions.create({ userId: parts.ada.id, session: "bearer" }),
  },
  "a rotation": { needs: ada, act: (auth) => auth.signingKeys.rotate() },
  "a rotation that revokes": { needs: ada, act: (auth) => auth.signingKeys.rotate({ revoke: true }) },
  "a sweep": { needs: [], act: (auth) => auth.sweep() },
  "a limit": {
    needs: [],
    act: (auth) => auth.limit(new Request(BASE_URL), { name: "search", limit: 3, per: "1m", key: "a key" }),
  },
  "a request that is sent twice": {
    needs: [],
    act: (auth) =>
      auth.idempotent(
        new Request(`${BASE_URL}/orders`, {
          method: "POST",
          headers: { "idempotency-key": "a-key-that-is-long-enough" },
        }),
        () => Response.json({ order: 1 }),
      ),
  },
};

/** Time that passes while others are at something. */
export const TIMES: Readonly<Record<string, Act>> = Object.fromEntries(
  (["6s", "61s", "2h"] as const).map((
    time,
  ) => [time, { needs: [], act: (_auth, _parts, here) => here.turn(time) }]),
);

/** An address that was proven. */
export function address(value: string): Identifier {
  return { type: "email", value, proven: true };
}

function verify(
  auth: FullAuth,
  pending: Pending | undefined,
  session: "cookie" | "bearer" = "cookie",
): Promise<Grant> {
  return client(auth, "method").emailOtp.verify({ ...pending!, session });
}

async function asked(here: World, email: string): Promise<Pending> {
  const { challengeId } = await here.person().emailOtp.start({ email });
  return { challengeId, code: here.mailbox.code(email) };
}

async function linked(here: World, email: string): Promise<Linked> {
  const { challengeId } = await here.person().magicLink.start({ email });
  return { challengeId, token: new URL(here.mailbox.link(email)).searchParams.get("token") ?? "" };
}

async function answer(
  here: World,
  person: Client,
  email: string,
  session: "cookie" | "bearer" = "cookie",
): Promise<Grant> {
  return await person.emailOtp.verify({ ...await asked(here, email), session });
}

export function wearing(auth: FullAuth, headers: Headers): Client {
  const worn = client(auth, "method");
  headers.forEach((value, name) => worn.headers.set(name, value));
  return worn;
}

function shown(here: World, grant: Grant): Headers {
  const pairs = here.server().cookies(grant).map((cookie) => cookie.split(";", 1)[0]);
  return new Headers({ origin: BASE_URL, cookie: pairs.join("; ") });
}

/** A server that dies when it writes a record of a kind for the `n`-th time. */
/** Fails where nobody has died: then nothing is left of what was begun, and what is made ready is not. */
async function dies(begun: Promise<unknown>): Promise<void> {
  const isDead = await begun.then(() => false, ({ code }) => code === "storage_unavailable");
  if (!isDead) throw new Error("nobody died");
}

function dying(here: World, kind: string, n = 1) {
  const store = dead(here, kind, n);
  return { auth: here.another({ storage: store.driver }), store };
}

/** A driver of somebody who dies so. */
function dead(here: World, kind: string, n: number) {
  const store = faulty(here.driver());
  let count = 0;
  store.fault = ({ name, key }, run) => {
    const isDead = count >= n || (name === "swap" && key.startsWith(`${kind}:`) && ++count >= n);
    return isDead ? Promise.reject(new Error("the process died")) : run();
  };
  return store;
}
