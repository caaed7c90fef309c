// Passkeys and key pairs that race: many at once, and one held while another runs.
import { describe, test } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { LONG } from "../proof/showed.ts";
import { STORES } from "../suite/stores.ts";
import * as credentials from "./credentials.ts";
import { heldCredentials } from "./held_credentials.ts";
import type { Check } from "./scene.ts";

const CHECKS: Readonly<Record<string, Check>> = {
  "of 100 finishes of one sign-in by passkey at once, one gets in": credentials.passkeySignIns,
  "of 100 finishes of one sign-in by key at once, one gets in": credentials.keySignIns,
  "of 20 accounts that register one credential at once, one has it": credentials.registrations,
  "of 20 accounts that add one key at once, one has it": credentials.adds,
  "of 20 sessions by a key at once, one adds the first passkey": credentials.firstPasskeys,
};

for (const store of STORES) {
  describe(`at once, on ${store}`, () => {
    for (const [name, check] of Object.entries(CHECKS)) test(name, () => check(createAuth, store));
  });
}

// Which request is held where is the same whatever keeps the records.
for (const store of LONG ? STORES : ["memory"] as const) {
  describe(`held at every point, on ${store}`, () => {
    for (const [name, check] of Object.entries(heldCredentials)) {
      test(name, () => check(createAuth, store));
    }
  });
}
