// The options of links in mails: how long they live, where they count, and the pages to which they lead.
import { expect, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { AuthError } from "../../src/errors.ts";
import type { AuthOptions } from "../../src/options.ts";
import { testbed } from "../../src/testing/testbed.ts";

const { options } = testbed();
const PAGE = "https://app.example.com/in";
const DURATION_IS = 'must be a duration like "15m" or a number of seconds';
const PAGE_IS = 'must be the address of a page, like "https://app.example.com/sign-in"';
const LINE = 'For development: email: { from: "dev@example.com", send: (m) => console.log(m.text) }';

/** What is wrong with options: each path, and what would be right. */
function wrong(given: object): readonly (readonly [path: string, message: string])[] {
  const said = { ...options, baseUrl: "http://localhost:3000", ...given };
  try {
    createAuth(said as AuthOptions); // whatever somebody types
    return [];
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return error.details?.issues?.map(({ path, message }) => [path, message] as const) ?? [];
  }
}

const linked = (links: unknown) => ({ email: { ...options.email, links } });

test.each<readonly [given: object, path: string, message: string]>([
  [{ magicLink: "yes" }, "magicLink", 'must be an object: it is "yes"'],
  [{ magicLink: { signUp: 1 } }, "magicLink.signUp", "must be true or false: it is 1"],
  [{ magicLink: { anyBrowser: "no" } }, "magicLink.anyBrowser", 'must be true or false: it is "no"'],
  [{ magicLink: { ttl: "59s" } }, "magicLink.ttl", `${DURATION_IS}, 1m to 1h: it is "59s"`],
  [{ magicLink: { ttl: "61m" } }, "magicLink.ttl", `${DURATION_IS}, 1m to 1h: it is "61m"`],
  [
    { magicLink: { resendAfter: "11m" } },
    "magicLink.resendAfter",
    `${DURATION_IS}, 0s to 10m: it is "11m"`,
  ],
  [
    { magicLink: { ttl: "1m", resendAfter: "2m" } },
    "magicLink.resendAfter",
    "must not be longer than magicLink.ttl",
  ],
  [
    { magicLink: { attempts: 5 } },
    "magicLink.attempts",
    "is not an option. There are: anyBrowser, resendAfter, signUp, ttl",
  ],
  [{ magicLink: true, email: undefined }, "email", `is needed by magicLink. ${LINE}`],
  [{ password: true, email: undefined }, "email", `is needed by password. ${LINE}`],
  [
    { magicLink: true, session: { mode: "bearer" } },
    "email.links.magicLink",
    'must be set where session.mode is "bearer": our page keeps no tokens',
  ],
  [
    linked({ magicLink: PAGE }),
    "email.links.magicLink",
    "has no effect without magicLink: leave it out, or set magicLink: true",
  ],
  [
    linked({ reset: PAGE }),
    "email.links.reset",
    "has no effect without password: leave it out, or set password: true",
  ],
  [{ magicLink: true, ...linked(5) }, "email.links", "must be an object: it is 5"],
  [
    { magicLink: true, ...linked({ signIn: PAGE }) },
    "email.links.signIn",
    "is not an option. There are: magicLink, reset",
  ],
])("%o", (given, path, message) => {
  expect(wrong(given)).toEqual([[path, message]]);
});

test.each([
  ["no address", "/in"],
  ["no text", 5],
  ["a script", "javascript:alert(1)"],
  ["an app's own scheme", "app://in"],
  ["plain HTTP elsewhere, where the token could be read on the way", "http://app.example.com/in"],
  ["with somebody's name in it", "https://ada@app.example.com/in"],
  ["with a fragment, after which no query is one", `${PAGE}#top`],
])("a page that is %s", (_, magicLink) => {
  expect(wrong({ magicLink: true, ...linked({ magicLink }) })).toEqual([["email.links.magicLink", PAGE_IS]]);
});

test.each([PAGE, `${PAGE}?from=mail`, "http://localhost:5173/in", "http://127.0.0.1:5173/in"])(
  "%s is a page",
  (page) => {
    const links = { magicLink: page, reset: page };
    expect(wrong({ magicLink: true, password: true, ...linked(links) })).toEqual([]);
  },
);
