// Another process on the same store. It says when it is ready, then obeys lines of JSON on its standard input and answers each with
// one line.
import { createInterface } from "node:readline";
import { createAuth } from "../../src/auth.ts";
import type { Rotation } from "../../src/core/signing_keys.ts";
import type { Ended } from "../../src/features/sessions/contract.ts";
import type { Grant, SessionMode } from "../../src/model.ts";
import type { Driver } from "../../src/store/driver.ts";
import type { FullAuth } from "../suite/client.ts";
import { type Gate, gate, interleave, type Numbered, type Told, told } from "../suite/gate.ts";
import { type Change, planted } from "../suite/planted.ts";
import { driverAt, type Place } from "../suite/stores.ts";
import { BASE_URL, SECRET } from "../suite/world.ts";
import { LINKS, PASSWORD } from "../suite/hashing.ts";
import type { Pending } from "./scene.ts";
import { headersOf, judged } from "./sign_ins.ts";

/** What a process begins with: what is changed in its copy of the library. */
export interface Setup {
  readonly changes: readonly Change[];
}

/** What a process is told to do. */
export type Order =
  /** Goes to another store, where its clock is the machine's. Comes first. */
  | { readonly do: "begin"; readonly place: Place }
  /** Does all of them at once, and answers what became of each. */
  | { readonly do: "calls"; readonly calls: readonly Call[] }
  /** Signs in, and stops at a point after its proof was judged: there it says `"held"` and waits for a line. */
  | { readonly do: "hold"; readonly answer: Answer; readonly point: Pick<Numbered, "n" | "side"> }
  /** Sets its clock ahead. */
  | { readonly do: "turn"; readonly ms: number };

/** The right answer to a challenge, and how the session is to be carried. */
export interface Answer extends Pending {
  readonly session: SessionMode;
}

/** What can be called: what goes in, and what comes out. */
export interface Methods {
  readonly verify: (answer: Answer) => Promise<Got>;
  readonly refresh: (input: { readonly refreshToken: string }) => Promise<Got>;
  readonly endAll: (input: { readonly userId: string }) => Promise<Ended>;
  readonly rotate: (input: { readonly revoke: boolean }) => Promise<Rotation>;
  /** Resolves to the id of whoever is signed in, or null. */
  readonly getSession: (headers: Got["headers"]) => Promise<string | null>;
}

/** One call. */
export type Call<M extends keyof Methods = keyof Methods> = {
  readonly [N in M]: { readonly method: N; readonly input: Parameters<Methods[N]>[0] };
}[M];

/** What a call of a method comes to. */
export type Result<M extends keyof Methods> = Awaited<ReturnType<Methods[M]>>;

/** What a held sign-in comes to: whether it came to the point at all, and what it got. */
export interface Interleaved {
  readonly held: boolean;
  readonly told: Told<Got>;
}

/** Whose session was got, its refresh token, and what its owner's next request carries. */
export interface Got {
  readonly user: string;
  readonly session: string;
  readonly refreshToken: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const { changes } = JSON.parse(process.argv[2] ?? "") as Setup; // our own test wrote it, and all that follows
const make = changes.length === 0 ? createAuth : await planted(changes);
let ahead = 0;
const now = () => Date.now() + ahead;
let here: Servers | undefined;

/** The servers on a store: one that is asked, and one that can be stopped. */
interface Servers {
  readonly auth: FullAuth;
  readonly stoppable: FullAuth;
  readonly gated: Gate;
}

const work: { readonly [D in Order["do"]]: (order: Extract<Order, { do: D }>) => unknown } = {
  async begin({ place }) {
    await here?.auth.close();
    await here?.stoppable.close();
    ahead = 0;
    const gated = gate(driverAt(place, now));
    here = { auth: serving(driverAt(place, now)), stoppable: serving(gated.driver), gated };
    for (const each of [here.auth, here.stoppable]) await each.signingKeys.jwks();
    return "done";
  },
  calls({ calls }) {
    const methods = methodsOf(servers().auth);
    return Promise.all(
      calls.map(({ method, input }) =>
        told((methods[method] as (input: unknown) => Promise<unknown>)(input))
      ),
    );
  },
  hold: ({ answer, point }) =>
    interleave({
      gate: servers().gated,
      point: { ...point, since: judged },
      work: () => methodsOf(servers().stoppable).verify(answer),
      async meanwhile() {
        say("held");
        await lines.next();
      },
    }),
  turn({ ms }) {
    ahead += ms;
    return "done";
  },
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
say("ready");
for (let line = await lines.next(); !line.done; line = await lines.next()) {
  const order = JSON.parse(line.value) as Order;
  say(await (work[order.do] as (order: Order) => unknown)(order));
}

function servers(): Servers {
  if (here === undefined) throw new TypeError("no store has been named");
  return here;
}

function serving(storage: Driver): FullAuth {
  return make({
    storage,
    secret: SECRET,
    baseUrl: BASE_URL,
    email: { from: "no-reply@example.com", send: () => {}, links: LINKS },
    emailOtp: true,
    magicLink: true,
    password: PASSWORD,
    passkey: true,
    key: true,
    rateLimit: false, // a crowd is not held up
    platform: { now },
  });
}

function methodsOf(server: FullAuth): Methods {
  const got = (grant: Grant): Got => ({
    user: grant.user.id,
    session: grant.session.id,
    refreshToken: grant.refreshToken,
    headers: Object.fromEntries(headersOf(server, grant)),
  });
  return {
    verify: async (answer) => got(await server.emailOtp.verify(answer)),
    refresh: async (input) => got(await server.sessions.refresh(input)),
    endAll: (input) => server.sessions.endAll(input),
    rotate: (input) => server.signingKeys.rotate(input),
    getSession: async (headers) => (await server.getSession(new Headers(headers))).user?.id ?? null,
  };
}

function say(what: unknown): void {
  console.log(JSON.stringify(what));
}
