// What owners are mailed of passkeys and keys that were added to their account, or removed from it, and what listeners are told.
import { expect } from "vitest";
import type { Client } from "../suite/client.ts";
import { flow } from "../suite/flow.ts";
import { ADA as PAIR, addsKey } from "../suite/key_holder.ts";
import { device, registers } from "../suite/passkey_holder.ts";
import { mailOf, signIn } from "../suite/steps.ts";
import type { World } from "../suite/world.ts";

/** A name that would be more than a name in HTML. */
const NAME = `<b title="x">Ada's</b> & co`;
const IN_HTML = "&#60;b title=&#34;x&#34;&#62;Ada&#39;s&#60;/b&#62; &#38; co";

type Words = Readonly<Record<"what" | "added" | "addedText" | "removed" | "removedText", string>>;

const ENGLISH = (what: string): Words => ({
  what,
  added: `A ${what} was added to your account`,
  addedText: `The ${what} "${NAME}" was added to your account (AT). Whoever has it can sign in.

If that was not you, sign in, remove it and end all sessions.
`,
  removed: `A ${what} was removed from your account`,
  removedText: `The ${what} "${NAME}" was removed from your account (AT). Nobody signs in with it any more.

If that was not you, sign in, look at what is left and end all sessions.
`,
});

const GERMAN = (what: string): Words => ({
  what,
  added: `Neu in Ihrem Konto: ${what}`,
  addedText: `Ihrem Konto wurde etwas hinzugefügt (AT): ${what} „${NAME}“. Damit kann man sich anmelden.

Wenn Sie das nicht waren, melden Sie sich an, entfernen Sie es und beenden Sie alle Sitzungen.
`,
  removed: `Aus Ihrem Konto entfernt: ${what}`,
  removedText:
    `Aus Ihrem Konto wurde etwas entfernt (AT): ${what} „${NAME}“. Damit meldet sich niemand mehr an.

Wenn Sie das nicht waren, melden Sie sich an, sehen Sie nach, was noch da ist, und beenden Sie alle Sitzungen.
`,
});

const KINDS = {
  passkey: { en: ENGLISH("passkey"), de: GERMAN("ein Passkey") },
  key: { en: ENGLISH("key"), de: GERMAN("ein Schlüssel") },
} as const;

/** Adds one of a kind. */
async function adds(
  here: World,
  kind: keyof typeof KINDS,
  somebody: Client,
): Promise<{ readonly id: string }> {
  return kind === "key" ? await addsKey(somebody, PAIR, NAME) : await registers(somebody, device(here), NAME);
}

for (const kind of ["passkey", "key"] as const) {
  flow(`owners are told of each ${kind} that is added or removed, by mail and by event`, async (here) => {
    for (const locale of ["en", "de"] as const) {
      const words = KINDS[kind][locale];
      const auth = here.another({ email: { from: "no-reply@example.com", send: here.mailbox.send, locale } });
      const address = `ada.${locale}@example.com`;
      const { client: ada, grant: { user } } = await signIn(here, address, "cookie", here.at(auth));
      const expectMail = (what: "added" | "removed") => {
        const at = new Date(here.now()).toISOString();
        const mail = here.mailbox.last(address);
        expect(mail).toEqual({
          kind: `${kind}.${what}`,
          to: { address },
          locale,
          subject: words[what],
          text: words[`${what}Text`].replace("AT", at),
          html: expect.stringContaining(IN_HTML),
          data: { name: NAME, at },
          idempotencyKey: expect.stringMatching(/^[a-z2-7]{26}$/),
        });
        expect(mail.html).not.toContain("<b ");
      };
      let mailed = mailOf(auth, `${kind}.added`);
      const { id } = await adds(here, kind, ada);
      await mailed;
      expectMail("added");
      await here.turn("1m");
      mailed = mailOf(auth, `${kind}.removed`);
      await ada[kind].remove({ id });
      await mailed;
      expectMail("removed");
      const events = here.lines.filter(({ event }) => event.startsWith(`${kind}.`)).slice(-2);
      expect(events.map(({ event, userId, credentialId }) => [event, userId, credentialId])).toEqual([
        [`${kind}.added`, user.id, id],
        [`${kind}.removed`, user.id, id],
      ]);
    }
  });
}
