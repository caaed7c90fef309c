// The library with one thing changed at a time, each a bug that a store without transactions invites: whatever is to find such bugs is
// tried on these.
import type { Change } from "./planted.ts";

const ACCOUNTS = "src/core/accounts.ts";
const ACCOUNT_RECORD = "src/core/account_record.ts";
const CHALLENGES = "src/core/challenges.ts";
const CHANGING = "src/features/password/changing.ts";
const CLAIMS = "src/core/claims.ts";
const COLLECTION = "src/store/collection.ts";
const KEY = "src/features/key/methods.ts";
const MAILED_STEPS = "src/core/mailed_steps.ts";
const PASSKEY = "src/features/passkey/signing_in.ts";
const PROFILE = "src/core/profile.ts";
const QUESTIONS = "src/core/questions.ts";
const REGISTRATION = "src/features/passkey/registration.ts";
const REMOVAL = "src/core/removal.ts";
const RESETTING = "src/features/password/resetting.ts";
const SESSIONS = "src/core/sessions.ts";
const GATE = "src/core/gate.ts";
const PROVEN = "src/core/proven.ts";
const SIGNING_UP = "src/features/password/signing_up.ts";
const SWEEP = "src/core/sweep.ts";
const VALUES = "src/core/values.ts";

/** The changes of each bug, by what is wrong then. */
export const BUGS: Readonly<Record<string, readonly Change[]>> = {
  "a proof judged before a revocation: the listing swap does not compare the epoch": [{
    file: PROVEN,
    from: "if (!unproven && !unmoved(noted, owner)) return MOVED;",
    to: "",
  }],
  "a proof judged before a revocation: the epoch is read after judging": [
    {
      file: GATE,
      from: "import type { Account,",
      to: 'import { noteOf } from "./account_record.ts"; import type { Account,',
    },
    { file: GATE, from: "proven(now, value, noted)", to: "proven(now, value, noteOf(owner))" },
  ],
  "a proof of an address that nobody had notes nothing": [{
    file: ACCOUNT_RECORD,
    from: "noted.uid === null ? account.epoch === 0",
    to: "noted.uid === null ? true",
  }],
  "a reservation is void by the clock, and not cleared by a swap": [{
    file: CLAIMS,
    from: "!await cleared(claim, record)",
    to: "platform.now() - Number(record.reserving?.at) <= store.deadline",
  }],
  "the commit does not look at the reservation": [{
    file: ACCOUNTS,
    from: "const stands = reserves(now, op); return { next: stands ? account : now, result: stands };",
    to: "return { next: now === null || reserves(now, op) ? account : now, result: true };",
  }],
  "a draft is taken for an account": [{
    file: ACCOUNT_RECORD,
    from: `record?.state === "account" ? record : null`,
    to:
      `record && { createdAt: 0, name: null, roles: [], identifiers: [], epoch: 0, sessions: [], ...record }`,
  }],
  "a removal does not compare the uid of the claim": [{
    file: CLAIMS,
    from: "const ours = now?.uid === uid;",
    to: "const ours = now !== null;",
  }],
  "the swap writes without comparing": [{
    file: COLLECTION,
    from: "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));",
    to:
      `await (next === null ? store.driver.removeItem(key) : store.driver.setItem(key, next)); return true;`,
  }],
  "the swap compares, then writes": [{
    file: COLLECTION,
    from: "return await within(store.driver.swap(key, expected, next, ttl === undefined ? {} : { ttl }));",
    to: `if (await store.driver.getItem(key) !== expected) return false;
        await (next === null ? store.driver.removeItem(key) : store.driver.setItem(key, next)); return true;`,
  }],
  "a lost removal is taken for ours": [{
    file: COLLECTION,
    from: "if (next !== null && !isUndurable(cause) && await read(key) === next)",
    to: "if (await read(key) === next)",
  }],
  "a guess is told before it is counted": [{
    file: CHALLENGES,
    from: "return change(id, (current) => attempt(current, { ...answer, now }), seen);",
    to: `return Promise.resolve(records.get(id)).then(async (seen) => {
        const { result } = attempt(mailed(seen), { ...answer, now });
        await change(id, (current) => attempt(current, { ...answer, now }));
        return result;
      });`,
  }],
  "a link is judged, and lets in whether or not it is used up by that": [{
    file: MAILED_STEPS,
    from: `return answered.is === "wrong" ? { is: "gone" } : answered;`,
    to: `return { is: "right", subject: seen.subject, noted: seen.noted, held: seen.held };`,
  }],
  "a refresh reads the account before its swap": [
    {
      file: SESSIONS,
      from: "const { uid, sid, rotated, prepared } = await tokens.rotate(token, attempt, prepare);",
      to: `const before = await accounts.get(/^lkr_([a-z2-7]{26})/.exec(token)?.[1] ?? "");
          const { uid, sid, rotated, prepared } = await tokens.rotate(token, attempt, prepare);`,
    },
    {
      file: SESSIONS,
      from:
        "const account = await accounts.get(uid); if (account === null || !isListed(account, sid, platform.now())) {",
      to: "const account = before; if (account === null || !isListed(account, sid, platform.now())) {",
    },
  ],
  "a check reads the record alone": [{
    file: SESSIONS,
    from: "account !== null && record !== null && isListed(account, sid, platform.now())",
    to: "account !== null && record !== null",
  }],
  "a prune looks at an entry's age after its record": [{
    file: SESSIONS,
    from:
      `const old = now - at > PRUNE_AFTER; // looked at before the record is, or one that comes in between would be lost
        return { sid, old, record: await records.get(\`\${uid}:\${sid}\`) };`,
    to: `const record = await records.get(\`\${uid}:\${sid}\`);
        return { sid, old: platform.now() - at > PRUNE_AFTER, record };`,
  }],
  "a start's time runs while it waits for somebody else's": [{
    file: GATE,
    from: "entry = sessions.entry(); // its time begins now, however long the claim took",
    to: "// its time began",
  }],
  "a start slower than the deadline is a success": [{
    file: SESSIONS,
    from: "if (platform.now() - at > store.deadline) {",
    to: "if (at < 0) {",
  }],
  "the claim first, the account after, no draft": [
    {
      file: ACCOUNTS,
      from: "await users.change(uid, (now) => ({ next: now ?? draft, result: undefined }), null);",
      to: "",
    },
    {
      file: ACCOUNTS,
      from:
        "const stands = reserves(now, op); return { next: stands ? account : now, result: stands }; }, draft);",
      to: "return { next: now ?? account, result: true }; });",
    },
  ],
  "values are added without being reserved": [
    {
      file: VALUES,
      from: "return { next: seen, result: { missing, seen } };",
      to: "return { next: seen.reserving.op === '' ? null : account, result: { missing, seen: account } };",
    },
    { file: VALUES, from: "if (!reserves(account, op)) return { next: account, result: null };", to: "" },
  ],
  "the commit of further values does not look at the reservation": [
    { file: VALUES, from: "if (!reserves(account, op)) return { next: account, result: null };", to: "" },
  ],
  "a reservation that is old is never cleared": [{
    file: CLAIMS,
    from: "return isOverdue(seen, platform.now(), store.deadline) && await clear(uid, op, seen);",
    to: "return false;",
  }],
  "the name of a reservation is not used once": [{
    file: VALUES,
    from: "const op = newId(platform.random);",
    to: "const op = uid;",
  }],
  "a claim of one's own that was left behind is used again": [{
    file: CLAIMS,
    from: "if (claim === null) {",
    to: "if (claim?.uid === uid) return null; if (claim === null) {",
  }],
  "the account is not read anew after its claim": [
    {
      file: CLAIMS,
      from: "const mine: Claim = { uid, type: value.type, op };",
      to: "const mine: Claim = { uid, type: value.type, op }; const kept = new Map();",
    },
    {
      file: CLAIMS,
      from: "const record = await users.get(claim.uid); // anew after every read of the claim",
      to: `const record = kept.get(claim.uid) ?? await users.get(claim.uid);
          kept.set(claim.uid, record);`,
    },
  ],
  "what is listed is reserved again, and its proof is not compared": [
    {
      file: VALUES,
      from: "const missing = wanted.filter(([, value]) => !lists(account, value));",
      to: "const missing = wanted;",
    },
    {
      file: VALUES,
      from: `if (noted.uid !== uid || !unmoved(noted, { uid, account })) return "challenge_invalid";`,
      to: "",
    },
  ],
  "an add does not compare its proof": [{
    file: VALUES,
    from: `if (noted.uid !== uid || !unmoved(noted, { uid, account })) return "challenge_invalid";`,
    to: "",
  }],
  "an add that commits after the session that asked for it was ended": [{
    file: VALUES,
    from: "return await act<Added | null | No>(adding,",
    to: "return await act<Added | null | No>({ ...adding, acting: undefined },",
  }],
  "a removal does not look at the acting session": [{
    file: VALUES,
    from: "const removed = await act<Account | No>(acting,",
    to: "const removed = await act<Account | No>({ ...acting, acting: undefined },",
  }],
  "a removal reads the claim after the value was struck off": [
    { file: VALUES, from: "const claim = await claims.get(hash);", to: "" },
    {
      file: VALUES,
      from: "if (claim?.uid === uid) await claims.discard(hash, claim);",
      to: "const claim = await claims.get(hash); if (claim?.uid === uid) await claims.discard(hash, claim);",
    },
  ],
  "a removal reads the claim after, and does not compare whose it is": [
    { file: VALUES, from: "const claim = await claims.get(hash);", to: "" },
    {
      file: VALUES,
      from: "if (claim?.uid === uid) await claims.discard(hash, claim);",
      to: "const claim = await claims.get(hash); if (claim !== null) await claims.discard(hash, claim);",
    },
  ],
  "a removal does not compare the text of the claim": [{
    file: VALUES,
    from: "await claims.discard(hash, claim);",
    to: "await claims.follow(uid, hash);",
  }],
  "an account's claims are removed before it": [{
    file: ACCOUNTS,
    from: "if (!ID.test(uid)) return null;",
    to: `for (const one of live(await users.get(uid))?.identifiers ?? []) {
          await claims.follow(uid, claims.hashOf(one));
        }`,
  }],
  "a sweep takes the claim of a draft for void": [{
    file: CLAIMS,
    from: "return !has && !reserves(record, op);",
    to: "return !has && (live(record) === null || !reserves(record, op));",
  }],
  "a sweep takes the claim of an account that is reserving for void": [{
    file: CLAIMS,
    from: "return !has && !reserves(record, op);",
    to: "return !has && (live(record) !== null || !reserves(record, op));",
  }],
  "a proof notes the epoch without the account": [{
    file: ACCOUNT_RECORD,
    from: "noted.uid === uid && noted.epoch === account.epoch",
    to: "noted.epoch === account.epoch",
  }],
  "a start writes the record first": [
    {
      file: GATE,
      from: "async function grantFor(",
      to: "const opened_ = new Map(); async function grantFor(",
    },
    {
      file: GATE,
      from: "const admission = await list(",
      to: `const { session, audience, amr, client } = wanted;
          const how = { mode: mode(session, audience), audience, amr, client };
          opened_.set(entry.sid, await sessions.open(owner.uid, owner.account, entry, how));
          const admission = await list(`,
    },
    {
      file: GATE,
      from: "sessions.open(owner.uid, owner.account, entry, how),",
      to: "opened_.get(entry.sid) ?? sessions.open(owner.uid, owner.account, entry, how),",
    },
  ],
  "a sweep reads the account before the record": [
    {
      file: SWEEP,
      from: "let [seen, removed, unreadable] = [0, 0, 0];",
      to: `let [seen, removed, unreadable] = [0, 0, 0];
          const early = (await Array.fromAsync(store.driver.entries("users:"))).join();`,
    },
    {
      file: SWEEP,
      from: "if (owner === undefined || !owner.ids.test(id)) return;",
      to: `if (owner === undefined || !owner.ids.test(id)) return;
          if (name === "sessions") {
            if (!early.includes(id.split(":")[1])) await store.driver.swap(key, text, null);
            return;
          }`,
    },
  ],
  "an end does not look at the acting session": [{
    file: SESSIONS,
    from: "if (ending.acting !== undefined && !isListed(account, ending.acting, now)) {",
    to: "if (account === undefined) {",
  }],
  "a removal of an account does not look at the acting session": [{
    file: REMOVAL,
    from: "(account) => acting === undefined || isListed(account, acting, at)",
    to: "() => true",
  }],
  "a change does not look at the acting session": [{
    file: PROFILE,
    from: "const listed = acting === undefined || isListed(current, acting, now);",
    to: "const listed = true;",
  }],
  "a lost create is sent again": [{
    file: COLLECTION,
    from: "throw unavailable(cause); } } async function settle",
    to: `if (expected === null && await read(key) === null) {
          return await within(store.driver.swap(key, null, next)).catch(failed);
        }
        throw unavailable(cause); } } async function settle`,
  }],
  "a take-over is two swaps": [{
    file: PROVEN,
    from: "const { slots: _, fields: __, reserving: ___, ...bare } = account;",
    to: `if (account.name !== null) return {
          ...account,
          identifiers: account.identifiers.map((one) => one.value === value.value ? { ...one, proven: true } : one),
          epoch: account.epoch + 1,
        };
        const { slots: _, fields: __, reserving: ___, ...bare } = account;`,
  }],
  "a take-over keeps other values": [{
    file: PROVEN,
    from: "identifiers: [{ ...value, proven: true }],",
    to:
      "identifiers: account.identifiers.map((one) => one.value === value.value ? { ...one, proven: true } : one),",
  }],
  "a take-over keeps the credentials": [{
    file: PROVEN,
    from: "identifiers: [{ ...value, proven: true }],",
    to: `identifiers: [
          { ...value, proven: true },
          ...account.identifiers.filter(({ type }) => type === "passkey" || type === "key"),
        ],`,
  }],
  "a take-over keeps the name": [{
    file: PROVEN,
    from: "name: null, identifiers: [{ ...value, proven: true }],",
    to: "identifiers: [{ ...value, proven: true }],",
  }],
  "a take-over keeps the fields": [{
    file: PROVEN,
    from: "const { slots: _, fields: __, reserving: ___, ...bare } = account;",
    to: "const { slots: _, reserving: ___, ...bare } = account;",
  }],
  "a take-over keeps what features keep": [{
    file: PROVEN,
    from: "const { slots: _, fields: __, reserving: ___, ...bare } = account;",
    to: "const { fields: __, reserving: ___, ...bare } = account;",
  }],
  "a take-over keeps the sessions": [{
    file: PROVEN,
    from: "sessions: [], epoch: account.epoch + 1",
    to: "epoch: account.epoch + 1",
  }],
  "a take-over is no revocation": [{
    file: PROVEN,
    from: "sessions: [], epoch: account.epoch + 1",
    to: "sessions: []",
  }],
  "whose passkey it is, is looked up when its answer was used up": [
    { file: PASSKEY, from: "const found = await known(credentialId);", to: "" },
    {
      file: PASSKEY,
      from: "const challenge = await spent(challengeId);",
      to: "const challenge = await spent(challengeId); const found = await known(credentialId);",
    },
  ],
  "whose key it is, is looked up when its answer was used up": [
    { file: KEY, from: "const owner = await accounts.find(value); // before", to: "// before" },
    {
      file: KEY,
      from: `if (owner === null) throw new AuthError("credentials_invalid");`,
      to: `const owner = await accounts.find(value);
          if (owner === null) throw new AuthError("credentials_invalid");`,
    },
  ],
  "a question is not used up by its answer": [{
    file: QUESTIONS,
    from:
      "spend: (id, seen) => records.change(id, (current) => ({ next: null, result: current !== null }), seen)",
    to: "spend: (id, seen) => Promise.resolve(id !== seen.asked)",
  }],
  "a credential is removed without a revocation, and whoever signs in by it does not look whether it is listed":
    [
      {
        file: VALUES,
        from: "return { ...account, identifiers, epoch: account.epoch + 1 };",
        to: "return { ...account, identifiers };",
      },
      { file: PROVEN, from: "if (!lists(account, value)) return MOVED;", to: "" },
      {
        file: PASSKEY,
        from: `if (about === undefined) return "challenge_invalid";`,
        to: "if (about === undefined) return account;",
      },
      {
        file: KEY,
        from: `return about === undefined ? "challenge_invalid" :`,
        to: "return about === undefined ? account :",
      },
    ],
  "the counter of a passkey is compared before the swap alone": [{
    file: PASSKEY,
    from: "if (isCopy(counter, about.counter)) return CLONED;",
    to: "",
  }],
  "a passkey is stored although its registration was replaced": [{
    file: REGISTRATION,
    from: "if (kept?.pending !== challengeId) return null;",
    to: "if (kept === null) return null;",
  }],
  "a passkey is stored although its registration was replaced, and by a session of a key although it is not the first":
    [
      {
        file: REGISTRATION,
        from: "if (kept?.pending !== challengeId) return null;",
        to: "if (kept === null) return null;",
      },
      { file: REGISTRATION, from: `if (firstOnly && all.length > 1) return "forbidden";`, to: "" },
    ],
  "a key is added on what is known when it is finished": [{
    file: KEY,
    from: "const { subject: value, noted, asked } = question;",
    to: `const { subject: value, asked } = question;
        const noted = { uid: caller.userId, epoch: (await accounts.get(caller.userId))?.epoch ?? 0 };`,
  }],
  "a passkey is added on what is known when it is finished": [{
    file: REGISTRATION,
    from: "const { noted } = question;",
    to: "const noted = { uid: caller.userId, epoch: (await accounts.get(caller.userId))?.epoch ?? 0 };",
  }],
  "a password judged before a revocation: the listing swap does not compare the epoch": [{
    file: GATE,
    from: 'account.epoch === owner.account.epoch ? become(account, { is: "as it was", sid }) : MOVED',
    to: 'become(account, { is: "as it was", sid })',
  }],
  "a password's change does not compare the epoch, nor look at the acting session": [
    {
      file: GATE,
      from: 'account.epoch === owner.account.epoch ? become(account, { is: "as it was", sid }) : MOVED',
      to: 'become(account, { is: "as it was", sid })',
    },
    {
      file: CHANGING,
      from: 'if (sessionId !== undefined && !isListed(account, sessionId, setAt)) return "session_ended";',
      to: "",
    },
  ],
  "a password's change does not look at the acting session": [{
    file: CHANGING,
    from: 'if (sessionId !== undefined && !isListed(account, sessionId, setAt)) return "session_ended";',
    to: "",
  }],
  "a password's change keeps the sessions": [{
    file: CHANGING,
    from: "{ ...account, sessions: [], epoch: account.epoch + 1 }",
    to: "{ ...account, epoch: account.epoch + 1 }",
  }],
  "a password's change is no revocation": [{
    file: CHANGING,
    from: "{ ...account, sessions: [], epoch: account.epoch + 1 }",
    to: "{ ...account, sessions: [] }",
  }],
  "a reset does not compare the epoch": [{
    file: RESETTING,
    from: ": signIn.proven({ uid, account: before }, value, noted);",
    to: ": before;",
  }],
  "a reset notes the account when its link is used": [
    {
      file: RESETTING,
      from: 'if (owner === null || typeof signIn.proven(owner, value, noted) === "string") {',
      to: "if (owner === null) {",
    },
    {
      file: RESETTING,
      from: "return { value, noted, owner, exp };",
      to: "return { value, noted: { uid: owner.uid, epoch: owner.account.epoch }, owner, exp };",
    },
  ],
  "a reset keeps the sessions": [{
    file: RESETTING,
    from: "{ ...shown, sessions: [], epoch: before.epoch + 1 }",
    to: "{ ...shown, epoch: before.epoch + 1 }",
  }],
  "a reset is no revocation": [{
    file: RESETTING,
    from: "{ ...shown, sessions: [], epoch: before.epoch + 1 }",
    to: "{ ...shown, sessions: [] }",
  }],
  "a sign-up sets the password of an account that is proven already": [{
    file: SIGNING_UP,
    from: 'is === "as it was" ? "identifier_taken" :',
    to: "is === undefined ? account :",
  }],
};

/** The changes of a bug. @throws {TypeError} where there is none of that name */
export function bug(name: string): readonly Change[] {
  const changes = BUGS[name];
  if (changes === undefined) throw new TypeError(`no bug is called "${name}"`);
  return changes;
}
