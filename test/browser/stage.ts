// A browser, a site and people with authenticators, for the tests of a file.
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { AuthOptions } from "../../mod.ts";
import { CHROMIUM, type Chromium, chromium, type Plugged, type Tab, type Traits } from "./chromium.ts";
import { type Served, served } from "./site.ts";

/** Somebody in a tab of their own, signed in by their e-mail address, and their authenticator. */
export interface Person {
  readonly tab: Tab;
  readonly device: Plugged;
  readonly email: string;
}

/** What the tests of a file share. */
export interface Stage {
  /** The site, while they run. */
  readonly site: () => Served;
  /** Somebody new. Their tab is closed after the test. */
  readonly somebody: (traits: Traits) => Promise<Person>;
}

/** Starts a browser and a site before the tests of a file, and stops them after. */
export function stage(passkey?: AuthOptions["passkey"]): Stage {
  let started: readonly [Chromium, Served] | undefined;
  let people = 0;
  const there = () => {
    if (started === undefined) throw new Error("it has not been started");
    return started;
  };
  beforeAll(async () => {
    if (CHROMIUM !== undefined) started = await Promise.all([chromium(), served(passkey)]);
  });
  afterAll(async () => void await Promise.all((started ?? []).map(({ close }) => close())));
  return {
    site: () => there()[1],
    async somebody(traits) {
      const [browser, { origin, signedUp }] = there();
      const tab = await browser.open(`${origin}/`);
      onTestFinished(tab.close);
      const email = `user${++people}@example.com`;
      await signedUp(tab, email);
      return { tab, device: await tab.plug(traits), email };
    },
  };
}
