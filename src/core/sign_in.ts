import { lazy } from "../base/lazy.ts";
import { AuthError, type ErrorCode } from "../errors.ts";
import type { SessionMode } from "../model.ts";
import type { Account, Owner, Value } from "./account_record.ts";
import type { Noted } from "./challenges.ts";
import type { Gate, GateGround, Issued } from "./gate.ts";
import { proven } from "./proven.ts";

/** Signing in. Requests that sign nobody in need little of it. */
export interface SignIn extends Gate {
  /** What an account becomes where one of its values is proven without a session; or why that proof does not count. Pure. */
  readonly proven: (owner: Owner, value: Value, noted: Noted) => Account | ErrorCode;
  /** What of a grant is not in it; null for one that this process did not make. */
  readonly issued: (grant: object) => Issued | null;
  /** Refuses a way of carrying sessions that is switched off, and an audience that there is not. Asked before anything is spent. */
  readonly mode: GateGround["mode"];
}

/** The gate, which is loaded when somebody first comes to it, and what is known without it. */
export function signIn(ground: Omit<GateGround, "issued" | "mode">): SignIn {
  const { accessTokens, settings } = ground;
  const issued = new WeakMap<object, Issued>();

  function mode(wanted: SessionMode | undefined, audience: string | undefined): SessionMode {
    if (audience !== undefined && !accessTokens.audiences.includes(audience)) {
      const message = "must be one of the audiences that this server knows";
      throw new AuthError("input_invalid", { issues: [{ path: "audience", message }] });
    }
    if (wanted === undefined) return settings.usual;
    if (settings.mode === "both" || settings.mode === wanted) return wanted;
    const message = `must be "${settings.mode}" here`;
    throw new AuthError("input_invalid", { issues: [{ path: "session", message }] });
  }

  const gate = lazy<Gate>(GATE, async () => (await import("./gate.ts")).gate({ ...ground, issued, mode }));
  return { ...gate, mode, proven, issued: (grant) => issued.get(grant) ?? null };
}

const GATE = {
  finish: true,
  enter: true,
  found: true,
  admit: true,
  accessToken: true,
  refresh: true,
  reissue: true,
};
