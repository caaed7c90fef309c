// What can be done with passwords, each as one thing that somebody does.
import { client, type FullAuth } from "../suite/client.ts";
import { FIRST, SECOND, THIRD } from "../suite/password_holder.ts";
import { type Act, ADA, asAda, asMaker, BOB, EVE, type Need } from "./acts.ts";

const password: readonly Need[] = ["ada", "password"];
const makers: readonly Need[] = ["maker", "maker's password"];
const eve: readonly Need[] = ["evesSignUps"];

const someone = (auth: FullAuth) => client(auth, "method").password;

/** All of them, by what they are. */
export const PASSWORD_ACTS: Readonly<Record<string, Act>> = {
  "a password's answer": {
    needs: password,
    act: (auth) => someone(auth).signIn({ identifier: ADA, password: FIRST }),
  },
  "a wrong password": {
    needs: password,
    act: (auth) => someone(auth).signIn({ identifier: ADA, password: THIRD }),
  },
  "the answer of its maker's password": {
    needs: makers,
    act: (auth) => someone(auth).signIn({ identifier: BOB, password: FIRST }),
  },
  "a code after a password": {
    needs: password,
    act: (auth, { passwords }) => someone(auth).verifySignIn(passwords.signIn),
  },
  "the begin of a reset": { needs: password, act: (auth) => someone(auth).startReset({ email: ADA }) },
  "a look at a link": {
    needs: password,
    act: (auth, { passwords }) => someone(auth).checkReset({ token: passwords.resets[0]! }),
  },
  "a reset": {
    needs: password,
    act: (auth, { passwords }) =>
      someone(auth).finishReset({ token: passwords.resets[0]!, newPassword: SECOND }),
  },
  "a reset by another link": {
    needs: password,
    act: (auth, { passwords }) =>
      someone(auth).finishReset({ token: passwords.resets[1]!, newPassword: THIRD }),
  },
  "a reset of what is unproven": {
    needs: makers,
    act: (auth, { makersReset: token }) => someone(auth).finishReset({ token, newPassword: SECOND }),
  },
  "a password's change": {
    needs: password,
    act: (auth, parts) => asAda(auth, parts).password.change({ currentPassword: FIRST, newPassword: SECOND }),
  },
  "a password's change by another of Ada's sessions": {
    needs: password,
    act: (auth, { ada: { id: userId, other } }) =>
      auth.password.change({
        userId,
        sessionId: other.session.id,
        currentPassword: FIRST,
        newPassword: THIRD,
      }),
  },
  "a password's change by the application": {
    needs: password,
    act: (auth, { ada: { id: userId } }) => auth.password.change({ userId, newPassword: SECOND }),
  },
  "a password's change by the account's maker": {
    needs: makers,
    act: (auth, parts) =>
      asMaker(auth, parts).password.change({ currentPassword: FIRST, newPassword: THIRD }),
  },
  "the code of a password's change": {
    needs: password,
    act: (auth, parts) => asAda(auth, parts).password.verifyChange(parts.passwords.change),
  },
  "the begin of a sign-up with a password": {
    needs: [],
    act: (auth) => someone(auth).signUp({ email: EVE, password: FIRST }),
  },
  "a sign-up with a password": {
    needs: eve,
    act: (auth, { evesSignUps }) => someone(auth).verifySignUp(evesSignUps[0]!),
  },
  "a sign-up with another password": {
    needs: eve,
    act: (auth, { evesSignUps }) => someone(auth).verifySignUp(evesSignUps[1]!),
  },
};
