// What can be done with the values of accounts, each as one thing that somebody does. Features ask for it; these ask accounts themselves.
import type { Value } from "../../src/core/account_record.ts";
import type { Added, Unlisted } from "../../src/core/values.ts";
import type { World } from "../suite/world.ts";
import { addTo, type Authority } from "./accounts.ts";
import { type Act, ADA, address, EVE, KAY, type Need, type Parts } from "./acts.ts";

/** Another whom nobody knows at first. */
const WANDA = "wanda@example.com";

const ada: readonly Need[] = ["ada"];
const kay: readonly Need[] = ["ada", "a second value"];
const left: readonly Need[] = ["ada", "a claim left behind"];
const two: readonly Need[] = ["ada", "maker"];

const byAda = ({ ada: { id: uid, sid: acting } }: Parts): Authority => ({ uid, acting });
const byAdasOther = ({ ada: { id: uid, other } }: Parts): Authority => ({ uid, acting: other.session.id });
const byMaker = ({ maker: { id: uid, sid: acting } }: Parts): Authority => ({ uid, acting });

const adds = (
  needs: readonly Need[],
  by: (parts: Parts) => Authority,
  values: readonly string[],
  epoch?: number,
): Act => ({
  needs,
  act: async (_auth, parts, here): Promise<Added> =>
    await addTo(await here.accounts(), by(parts), { values: values.map(address), epoch }),
});

/** All of them, by what they are. */
export const VALUE_ACTS: Readonly<Record<string, Act>> = {
  "an add": adds(ada, byAda, [EVE]),
  "an add by another of Ada's sessions": adds(ada, byAdasOther, [EVE]),
  "an add that was proven long ago": adds(ada, byAda, [EVE], 0),
  "an add after one that was left behind": adds(left, byAda, [EVE]),
  "an add of two": adds(ada, byAda, [EVE, WANDA]),
  "an add of the same two by another": adds(two, byMaker, [WANDA, EVE]),
  "an add of what is listed": adds(kay, byAdasOther, [KAY]),
  "an add by another of what is listed": adds([...two, ...kay], byMaker, [KAY]),
  "a removal of a value": { needs: kay, act: (_auth, parts, here) => strike(here, byAda(parts), KAY) },
  "a removal of the first value": {
    needs: ada,
    act: (_auth, parts, here) => strike(here, byAdasOther(parts), ADA),
  },
};

async function strike(here: World, { uid, acting }: Authority, address: string): Promise<Unlisted> {
  const value: Value = { type: "email", value: address };
  return await (await (await here.accounts()).values()).remove({ uid, acting, value });
}
