// Whether each rule can be broken: for each one a small history that breaks it, and one for all that breaks none.
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { createAuth } from "../../src/auth.ts";
import { base64url } from "../../src/base/encoding.ts";
import { keyring } from "../../src/crypto/keyring.ts";
import { formatRefreshToken } from "../../src/crypto/token.ts";
import { ROUTES } from "../suite/client.ts";
import { quick } from "../suite/hashing.ts";
import { FIRST, SECOND } from "../suite/password_holder.ts";
import { own } from "../suite/stores.ts";
import { world } from "../suite/world.ts";
import { witness } from "./history.ts";
import { broken, RULES } from "./rules.ts";
import { claimKeys } from "./state.ts";
import {
  account,
  ADA,
  challenge,
  entry,
  EVE,
  grant,
  KEY,
  named,
  S,
  signIn,
  signing,
  signUp,
  T,
  type Teller,
  told,
  U,
  V,
} from "./told_stories.ts";

const eve = { type: "email", value: EVE, proven: true };
const acting = { userId: U, sessionId: T };

/** What goes wrong after a sign-up, by what it breaks. */
const BREACHES: Readonly<Record<string, (teller: Teller) => void>> = {
  "in every state a value is listed by one account at most, and whoever lists it has its claim": (
    { write },
  ) => write(`users:${V}`, account()),
  "nothing is listed but in three steps: reserved, claimed, and committed by the reservation that claimed it":
    ({ write }) => {
      write(named("email", EVE), { uid: V, op: "second" });
      write(`users:${V}`, account({ identifiers: [eve] }));
    },
  "an ended session is never listed again": ({ write }) => {
    write(`users:${U}`, account({ sessions: [] }));
    write(`users:${U}`, account());
  },
  "a removed account never comes back": ({ write }) => {
    write(`users:${U}`, null);
    write(`users:${U}`, account());
  },
  "a draft becomes an account or goes, and nothing else": ({ write }) => {
    write(`users:${V}`, { state: "draft", reserving: { op: "second", at: 0 } });
    write(`users:${V}`, { state: "draft", reserving: { op: "third", at: 0 } });
  },
  "an epoch never falls, and it rises when a value is no longer listed or all sessions are ended": (
    { call, write },
  ) =>
    call("sessions.endAll", { result: { ended: 1 } }, () => write(`users:${U}`, account({ sessions: [] }))),
  "whoever proves an address that is listed unproven takes the account over in one swap, and nothing of its maker's stays":
    ({ write }) => {
      write(`users:${U}`, account({ identifiers: [{ type: "email", value: ADA, proven: false }] }));
      write(`users:${U}`, account({ name: "Mallory", epoch: 1, sessions: [] }));
    },
  "a session is listed only if nothing was revoked since its proof was begun": (teller) => {
    teller.write("challenges:2", challenge(ADA, U, 0));
    teller.write(`users:${U}`, account({ epoch: 1, sessions: [] }));
    signIn(teller, "2", T, account({ epoch: 1, sessions: [entry(T)] }));
  },
  "whoever proves a value is let into the account that lists it, to which its claim leads": (teller) => {
    teller.write("challenges:2", challenge(EVE, U, 0));
    signIn(teller, "2", T, account({ sessions: [entry(S), entry(T)] }));
  },
  "a value is added only if nothing was revoked since its proof was judged": ({ call, write }) =>
    call(
      "values.add",
      { input: { uid: U, noted: { uid: U, epoch: 7 }, values: [eve] } },
      () => write(`users:${U}`, account({ reserving: { op: "second", at: 0 } })),
    ),
  "what is done on a session's authority is done only while that session is listed": ({ call, write }) =>
    call(
      "account.update",
      { result: { id: U, name: "Ada" }, by: acting },
      () => write(`users:${U}`, account({ name: "Ada" })),
    ),
  "whoever asks after a session has ended is not let in by it": ({ call, write }) => {
    write(`users:${U}`, account({ sessions: [] }));
    call("getSession", { result: grant(U, S) });
  },
  "a refresh whose swap came after the end of its session gives no token": ({ call, write }) => {
    write(`users:${U}`, account({ sessions: [] }));
    call(
      "sessions.refresh",
      { result: { refreshToken: refreshToken(1) } },
      () => write(`sessions:${U}:${S}`, { family: { generation: 1 } }),
    );
  },
  "a sign-in that was answered lives until somebody ends it": ({ call, write }) =>
    call(
      "sessions.create",
      { result: grant(U, T) },
      () => write(`users:${U}`, account({ sessions: [entry(S), entry(T)] })),
    ), // and no record of it comes
  "a challenge is answered once": (teller) => {
    signIn(teller, "1", T, account({ sessions: [entry(S), entry(T)] }));
  },
  "each sign-in by a passkey moves its counter on, if it counts": ({ call, write }) => {
    const identifiers = [{ type: "passkey", value: "id", proven: true, about: { counter: 7 } }];
    write(`users:${U}`, account({ identifiers }));
    call(
      "passkey.finishSignIn",
      { input: { credential: { id: "id" } } },
      () => write(`users:${U}`, account({ identifiers, sessions: [entry(S), entry(T)] })),
    );
  },
  "a passkey is stored by the registration that its account waits for": ({ call, write }) => {
    const slots = { passkey: { pending: "2" } };
    const identifiers = [{ type: "passkey", value: "id", proven: true }];
    write(`users:${U}`, account({ slots }));
    call(
      "passkey.finishRegistration",
      { input: { challengeId: "1" } },
      () => write(`users:${U}`, account({ slots, identifiers })),
    );
  },
  "whoever acts by a session of a key stores no passkey where there was one": ({ call, write }) => {
    const sessions = [{ ...entry(T), byKey: true }];
    const passkeys = ["id", "another"].map((value) => ({ type: "passkey", value, proven: true }));
    write(`users:${U}`, account({ sessions, identifiers: passkeys.slice(1) }));
    call(
      "passkey.finishRegistration",
      { by: acting },
      () => write(`users:${U}`, account({ sessions, identifiers: passkeys })),
    );
  },
  "a session is listed by a password only while that is the account's": ({ call, write }) => {
    write(`users:${U}`, account({ slots: holding(SECOND) }));
    call(
      "password.signIn",
      { input: { password: FIRST } },
      () => write(`users:${U}`, account({ slots: holding(SECOND), sessions: [entry(S), entry(T)] })),
    );
  },
  "a password becomes another one in the swap that ends every earlier session, and what was proven before": (
    { call, write },
  ) =>
    call(
      "password.finishReset",
      { input: { newPassword: FIRST } },
      () => write(`users:${U}`, account({ slots: holding(FIRST), epoch: 1 })),
    ),
  "a password is set by a link only if nothing was revoked since that was mailed": ({ call, write }) => {
    write("challenges:2", challenge(ADA, U, 0));
    write(`users:${U}`, account({ epoch: 1, sessions: [] }));
    call("password.finishReset", { input: { newPassword: FIRST } }, () => {
      write("challenges:2", null);
      write(`users:${U}`, account({ slots: holding(FIRST), epoch: 2, sessions: [] }));
    });
  },
  "a sign-up gives no password to whoever has proven the address already": ({ call, write }) =>
    call("password.verifySignUp", {}, () => write(`users:${U}`, account({ slots: holding(FIRST) }))),
  "a link is followed once": ({ call }) => {
    for (const sid of [S, "another"]) {
      call("magicLink.verify", { input: { token: "a token" }, result: grant(U, sid) });
    }
  },
  "a link sets a password once": ({ call }) => {
    for (const updatedAt of ["now", "later"]) {
      call("password.finishReset", { input: { token: "a token" }, result: { updatedAt } });
    }
  },
  "whoever is told that a password is another one finds it in the account": ({ call }) =>
    call("password.change", { result: grant(U, S) }),
  "whoever is told that sessions were ended finds none of them listed": ({ call }) =>
    call("sessions.end", { input: { id: S } }),
  "whoever is told of a change of a user finds it in the account, where one swap made it": ({ call }) =>
    call("users.update", { result: { id: U, name: "Ada" } }),
  "whoever is told that an account was removed has removed it": ({ call }) => call("account.remove"),
  "whoever is told that values were added finds all of them listed, and one swap did it": ({ call }) =>
    call("values.add", { input: { uid: U, values: [eve] }, result: { is: "added" } }),
  "whoever is told that a value was removed has struck it off": ({ call }) =>
    call("values.remove", { input: { uid: U, value: eve }, result: { is: "removed" } }),
  "a refresh token that was answered is of a generation that was written": ({ call }) =>
    call("sessions.refresh", { result: { refreshToken: refreshToken(7) } }),
  "whoever is told of the key that signs finds it among the keys": ({ call }) =>
    call("signingKeys.rotate", { result: { kid: "another" } }),
  "the lookup key is made once: whatever is written there later opens to the same key": ({ write }) =>
    write("lookup-key", "another one"),
  "signing keys are made once: none goes, or becomes another one, before it has expired or was revoked": (
    { call, write },
  ) =>
    call(
      "signingKeys.rotate",
      { input: { revoke: false }, result: { kid: "two" } },
      () => write("signing-keys", signing("two", "three")),
    ),
};

/** What an account keeps of a password. */
function holding(password: string) {
  return { password: { hash: quick(password) } };
}

function refreshToken(generation: number): string {
  return formatRefreshToken({ uid: U, sid: S, generation, mac: "m".repeat(43) });
}

describe("a rule can be broken", () => {
  test("each of them, by a history in this table", () => {
    expect(Object.keys(BREACHES).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  test.each(Object.entries(BREACHES))("%s", (sentence, breach) => {
    const history = told((teller) => {
      signUp(teller);
      breach(teller);
    });
    expect(broken(history, named).map((one) => one.startsWith(sentence))).toContain(true);
  });

  test.each(["passkey.finishRegistration", "key.add"])("by two answers that %s took", (name) => {
    const history = told(({ call }) => {
      for (const id of ["one", "two"]) call(name, { input: { challengeId: "1" }, result: { id } });
    });
    expect(broken(history, named)).toEqual(["a challenge is answered once: challenge 1"]);
  });

  test("and none is where nothing is wrong", () => {
    const history = told((teller) => {
      const { call, write } = teller;
      signUp(teller);
      write("challenges:2", challenge(ADA, U, 0));
      signIn(teller, "2", T, account({ sessions: [entry(S), entry(T)] }));
      call(
        "sessions.refresh",
        { result: { refreshToken: refreshToken(1) } },
        () => write(`sessions:${U}:${S}`, { family: { generation: 1 } }),
      );
      call(
        "account.update",
        { result: { id: U, name: "Ada" }, by: acting },
        () => write(`users:${U}`, account({ name: "Ada", sessions: [entry(S), entry(T)] })),
      );
      call(
        "sessions.endAll",
        { result: { ended: 2 }, by: acting },
        () => write(`users:${U}`, account({ name: "Ada", sessions: [], epoch: 1 })),
      );
      call(
        "signingKeys.rotate",
        { input: { revoke: true }, result: { kid: "two" } },
        () => write("signing-keys", signing("two", "three")),
      );
      call("ready", {}, () => write("lookup-key", KEY));
      call("account.remove", {}, () => write(`users:${U}`, null));
    });
    expect(broken(history, named)).toEqual([]);
  });
});

describe("a request is the call that it reaches", () => {
  for (const session of ["cookie", "bearer"] as const) {
    test(`on the authority of the session that it shows, by ${session}`, async () => {
      const eye = witness(Date.now);
      const here = world("memory", "http", {
        premises: (now) => own(eye.watched(memory({ now }))),
        createAuth: eye.watching(createAuth),
      });
      const ada = await here.signedIn(ADA, session);
      const { user, session: { id: sessionId } } = await ada.sessions.get() as Signed;
      await ada.account.update({ name: "Ada" });
      const other = await (await here.signedIn(ADA)).sessions.get() as Signed;
      await ada.sessions.end({ id: other.session.id });
      await ada.sessions.endAll();
      const by = { userId: user.id, sessionId };
      const done = eye.history.calls.filter((call) => call.by?.sessionId === sessionId);
      expect(done.map(({ name, input, by }) => [name, input, by])).toEqual([
        ["sessions.get", {}, by],
        ["account.update", { name: "Ada" }, by],
        ["sessions.end", { id: other.session.id }, by],
        ["sessions.endAll", {}, by],
      ]);
      await here.close();
    });
  }

  test("every route is one", async () => {
    const eye = witness(Date.now);
    const here = world("memory", "http", { createAuth: eye.watching(createAuth) });
    const auth = here.server();
    for (const { call } of Object.values(ROUTES)) {
      const [method = "", path = ""] = call.split(" ");
      await auth.handler(new Request(`http://localhost:3000/auth${path.replace(":id", S)}`, { method }));
    }
    expect(eye.history.calls.map(({ name }) => name)).toEqual(Object.keys(ROUTES));
    await here.close();
  });
});

interface Signed {
  readonly user: { readonly id: string };
  readonly session: { readonly id: string };
}

test("a lookup key is the same under whatever secret it is sealed", async () => {
  const secrets = ["the-second-secret-0123456789-abcdefgh", "the-first-secret-0123456789-abcdefgh"];
  const random = (length: number) => new Uint8Array(length);
  const sealed = async (secret: string | undefined, byte: number) => {
    const plain = base64url(new Uint8Array(32).fill(byte));
    return JSON.stringify({ sealed: await keyring([secret ?? ""], random).seal("lookup-key", plain) });
  };
  const [now, before, another] = [
    await sealed(secrets[0], 1),
    await sealed(secrets[1], 1),
    await sealed(secrets[0], 2),
  ];
  const writes = [before, another, now].map((after) => ({ key: "lookup-key", after }));
  const found = await claimKeys(new Map([["lookup-key", now]]), secrets, writes);
  expect([...found?.texts ?? []].toSorted()).toEqual([now, before].toSorted());
});
