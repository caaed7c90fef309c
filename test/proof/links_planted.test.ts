// Bugs of links that need no race and no crash: each planted in the library, and the flow that must fail by it.
import { expect, test } from "vitest";
import { world } from "../suite/world.ts";
import { type Bug, flowWith } from "./planted_flows.ts";

const METHODS = "src/features/magic_link/methods.ts";
const STEPS = "src/core/mailed_steps.ts";

const BUGS: Readonly<Record<string, Bug>> = {
  "a link is used up before anybody asks where it is followed": {
    changes: [
      { file: STEPS, from: `if (!isThere(id)) return { is: "elsewhere" };`, to: "" },
      {
        file: STEPS,
        from: `return answered.is === "wrong" ? { is: "gone" } : answered;`,
        to: `if (!isThere(id)) return { is: "elsewhere" };
          return answered.is === "wrong" ? { is: "gone" } : answered;`,
      },
    ],
    flow: "a link opened elsewhere lets nobody in, and stays good where it was asked for",
    saying: /challenge_invalid/,
  },
  "a link counts wherever it is opened": {
    changes: [{ file: STEPS, from: `if (!isThere(id)) return { is: "elsewhere" };`, to: "" }],
    flow: "a link opened elsewhere lets nobody in, and stays good where it was asked for",
    saying: /it was expected to be refused/,
  },
  "the page uses its link up": {
    changes: [{
      file: METHODS,
      from: "page: ({ client }) => Promise.resolve(linkPage(client?.locale ?? null))",
      to: `async page({ token, client }) {
          await mailedSteps.follow(recipe, { token, isThere: () => true });
          return linkPage(client?.locale ?? null);
        }`,
    }],
    flow: "the page uses nothing up, however often programs look at it",
    saying: /This sign-in was used/,
  },
};

test.each(Object.entries(BUGS))("%s: its flow fails", async (_, bug) => {
  const { run, options } = await flowWith(bug);
  const here = world("memory", "method", options);
  try {
    await expect(run(here)).rejects.toThrow(bug.saying);
  } finally {
    await here.leaks();
    await here.close();
  }
}, 60_000);

test("without a bug they pass", async () => {
  for (const name of new Set(Object.values(BUGS).map(({ flow }) => flow))) {
    const { run, options } = await flowWith({ changes: [], flow: name });
    const here = world("memory", "method", options);
    await run(here);
    expect(await here.leaks()).toEqual([]);
    await here.close();
  }
}, 60_000);
