import memory from "../../drivers/memory.ts";
import type { Message } from "../model.ts";
import type { Platform } from "../platform.ts";
import type { Driver } from "../store/driver.ts";
import { chance } from "./chance.ts";
import { type Clock, clock } from "./clock.ts";
import { type Mailbox, mailbox } from "./mailbox.ts";

/** Surroundings of an application for one test. */
export interface Testbed {
  /** Its clock. */
  readonly clock: Clock;
  /** What it mailed. */
  readonly mailbox: Mailbox;
  /** What was said about the configuration. */
  readonly warnings: readonly string[];
  /** What goes into the options of `createAuth`. */
  readonly options: TestOptions;
}

/** Options of `createAuth` that come from where it runs. */
export interface TestOptions {
  /** An empty store, in memory. */
  readonly storage: Driver;
  /** The same in every test. */
  readonly secret: string;
  /** Mail goes to the mailbox. */
  readonly email: { readonly from: string; readonly send: (message: Message) => Promise<void> };
  /** The clock, seeded chance, and no network: `fetch` rejects. Warnings are kept. */
  readonly platform: Platform;
}

/** How a test bed begins. */
export interface TestbedOptions {
  /** What the clock shows, in milliseconds since 1970. @default {the beginning of 2030} */
  readonly start?: number;
  /** What ids, codes and tokens follow from. @default {1} */
  readonly seed?: number;
}

/** A store, a clock, a mailbox and chance for one test: nothing of it is shared, no time passes, and nothing leaves the process.
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { testbed } from "@latchkey/auth/testing";
 *
 * const { clock, mailbox, options } = testbed();
 * const auth = createAuth({ baseUrl: "http://localhost:3000", emailOtp: true, ...options });
 * const { challengeId } = await auth.emailOtp.start({ email: "ada@example.com" });
 * await clock.turn("5m");
 * const { user } = await auth.emailOtp.verify({ challengeId, code: mailbox.code("ada@example.com") });
 * console.log(user.createdAt); // "2030-01-01T00:05:00.000Z"
 * ``` */
export function testbed({ start, seed = 1 }: TestbedOptions = {}): Testbed {
  const time = clock(start);
  const box = mailbox();
  const warnings: string[] = [];
  return {
    clock: time,
    mailbox: box,
    warnings,
    options: {
      storage: memory({ now: time.now }),
      secret: "a-secret-for-tests-that-everybody-knows",
      email: { from: "no-reply@example.com", send: box.send },
      platform: {
        now: time.now,
        sleep: time.sleep,
        random: chance(seed),
        fetch: (input) => Promise.reject(new Error(`no network in tests: ${addressOf(input)}`)),
        log: { warn: (message) => void warnings.push(message) },
      },
    },
  };
}

function addressOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : String(input);
}
