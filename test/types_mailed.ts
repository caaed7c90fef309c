// What must not compile of passwords, links, devices and their mails, each under the sentence that it protects, as in types.ts.
import { createAuth, type Grant, type PendingStep } from "../mod.ts";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_ extends true>(): void {}

const base = { secret: "a-secret-of-32-characters-or-more", baseUrl: "https://app.example.com" } as const;
const email = { from: "no-reply@example.com", send: () => {} };
const bare = createAuth(base);

// A password's sign-in answers a grant, or a step that waits for a code: which it is, is asked before either is used.
const links = { reset: "https://app.example.com/reset", magicLink: "https://app.example.com/in" };
const withPasswords = createAuth({ ...base, email: { ...email, links }, magicLink: true, password: true });
async function passwords({ password, devices, magicLink }: typeof withPasswords): Promise<void> {
  const told = await password.signIn({ identifier: "ada@example.com", password: "p", session: "bearer" });
  // @ts-expect-error perhaps a code is awaited
  told.user;
  // @ts-expect-error perhaps none is
  told.challenge;
  if ("challenge" in told) {
    holds<Equals<typeof told, PendingStep>>();
    const { id: challengeId, kind } = told.challenge;
    holds<Equals<typeof kind, "email_code">>();
    const { user } = await password.verifySignIn({ challengeId, code: "1", remember: true });
    user.id.length;
    // @ts-expect-error a device is remembered where somebody signs in
    await password.verifySignUp({ challengeId, code: "1", remember: true });
  } else {
    holds<Equals<typeof told, Grant>>();
    told.session.id.length;
  }
  // @ts-expect-error by which address
  await password.signIn({ email: "ada@example.com", password: "p" });
  // @ts-expect-error without users.fields there are none
  await password.signUp({ email: "ada@example.com", password: "p", plan: "pro" });
  // @ts-expect-error whose password
  await password.change({ newPassword: "p" });
  // @ts-expect-error a reset begins no session
  (await password.finishReset({ token: "t", newPassword: "p" })).session;
  const hash: string = await password.hash({ password: "p" });
  const fits: boolean = await password.verify({ password: "p", hash });
  const { items } = await devices.list({ userId: "u" });
  const names: readonly (string | null)[] = items.map(({ name }) => name);
  // @ts-expect-error whose device
  await devices.remove({ id: "d" });
  const { challengeId } = await magicLink.start({ email: "ada@example.com", redirect: "/in" });
  const { redirect } = await magicLink.verify({ token: "t", challengeId });
  // @ts-expect-error a link is no code
  await magicLink.verify({ challengeId, code: "1" });
  void [fits, names, redirect?.length];
}
// Neither is there where it is not named; the devices are, for they outlast the option.
// @ts-expect-error passwords are off
bare.password;
// @ts-expect-error links are off
bare.magicLink;
holds<Equals<typeof bare.devices, typeof withPasswords.devices>>();

// What passwords are made of is chosen by one way of saying it.
createAuth({ ...base, email, password: { hash: { algorithm: "pbkdf2", passes: 700_000 } } });
createAuth({ ...base, email, password: { hash: { hash: (p) => p, verify: (p, kept) => p === kept } } });
// @ts-expect-error bcrypt is verified, and not made
createAuth({ ...base, email, password: { hash: { algorithm: "bcrypt" } } });
// @ts-expect-error who hashes must judge too
createAuth({ ...base, email, password: { hash: { hash: (p: string) => p } } });
// @ts-expect-error a hash is a text
createAuth({ ...base, email, password: { hash: { hash: () => 5, verify: () => true } } });
// @ts-expect-error no such list
createAuth({ ...base, email, password: { breached: "rockyou" } });
// @ts-expect-error no such class
createAuth({ ...base, email, password: { classes: ["emoji"] } });
// @ts-expect-error true, or what would be right
createAuth({ ...base, email, password: { refuse: () => 5 } });
// @ts-expect-error what is switched off is left out
createAuth({ ...base, email, password: false });
// @ts-expect-error each step has its own options
createAuth({ ...base, email, password: { signIn: { verify: true } } });
// @ts-expect-error a link has no code to be guessed
createAuth({ ...base, email, magicLink: { attempts: 5 } });
// @ts-expect-error no such page
createAuth({ ...base, email: { ...email, links: { signUp: "https://app.example.com" } } });

// A mail's template knows what it has to tell.
createAuth({
  ...base,
  email: {
    ...email,
    templates: {
      "password.resetLink": ({ link, minutes }) => ({ subject: "Reset", text: `${link} (${minutes} min)` }),
      "password.changed": { de: ({ at }) => ({ subject: "Geändert", text: at }) },
    },
  },
});
const worded = (text: string) => ({ subject: text, text });
// @ts-expect-error a notice brings no code
createAuth({ ...base, email: { ...email, templates: { "password.changed": (one) => worded(one.code) } } });
// @ts-expect-error no such mail
createAuth({ ...base, email: { ...email, templates: { "password.forgotten": () => worded("") } } });

export const checked: readonly unknown[] = [passwords];
