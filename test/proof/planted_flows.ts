// A bug that is planted in the library, and the flow that must show it.
import { type Change, planted } from "../suite/planted.ts";
import type { Flow } from "../suite/flow.ts";
import { allFlows } from "./flows.ts";

/** What is planted, the name of a flow, and what is said of that. */
export interface Bug {
  readonly changes: readonly Change[];
  readonly flow: string;
  readonly saying: RegExp;
}

const flows = await allFlows();

/** The flow with the bug in all its servers. */
export async function flowWith({ changes, flow: wanted }: Omit<Bug, "saying">): Promise<Flow> {
  const flow = flows.find(({ name }) => name === wanted);
  if (flow === undefined) throw new Error(`there is no flow: ${wanted}`);
  return { ...flow, options: { ...flow.options, createAuth: await planted(changes) } };
}
