// What is asked about a sign-in by whoever holds one, in this process or in another: there is nothing of vitest in here.
import type { Grant } from "../../src/model.ts";
import type { FullAuth } from "../suite/client.ts";
import type { Operation } from "../suite/gate.ts";

/** The proof has been judged: its challenge is gone. */
export const judged = ({ call, key, next }: Operation): boolean =>
  call === "swap" && key.startsWith("challenges:") && next === null;

/** What a request carries that is sent with a grant. */
export function headersOf(maker: FullAuth, grant: Grant): Headers {
  const headers = new Headers();
  if (grant.accessToken !== undefined) headers.set("authorization", `Bearer ${grant.accessToken}`);
  const [cookie = ""] = maker.cookies(grant);
  if (cookie !== "") headers.set("cookie", cookie.split(";", 1)[0] ?? "");
  return headers;
}
