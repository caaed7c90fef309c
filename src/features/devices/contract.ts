import type { Caller, Calls, MaybeCaller } from "../../contract.ts";

/** The devices at which a user's password signs in without a code. They can be looked at and forgotten where passwords are off by now. */
export interface Devices {
  /** Those of whoever calls, the one used last first.
   * @throws {AuthError} `session_ended`, `not_found`
   * @example Usage
   * ```ts ignore
   * const { items } = await auth.devices.list({ userId });
   * ``` */
  list(input: OwnDevices): Promise<DeviceList>;
  /** Forgets one: the next sign-in there waits for a code again. Sessions there go on.
   * @throws {AuthError} `not_found`, `session_ended`, `forbidden`
   * @example Usage
   * ```ts ignore
   * await auth.devices.remove({ userId, id });
   * ``` */
  remove(input: OneDevice): Promise<void>;
}

/** Who calls. */
export interface OwnDevices extends Pick<Caller, "userId"> {
  /** The calling session, where a user calls: it must still live. */
  readonly sessionId?: MaybeCaller["sessionId"];
  /** Where the request came from: it says which device is the current one. */
  readonly client?: MaybeCaller["client"];
}

/** What {@link Devices.remove} takes. */
export interface OneDevice extends OwnDevices {
  /** From the list. */
  readonly id: string;
}

/** What {@link Devices.list} answers. */
export interface DeviceList {
  /** The devices that are remembered. */
  readonly items: readonly DeviceInfo[];
}

/** A device that is remembered. */
export interface DeviceInfo {
  /** Its id. */
  readonly id: string;
  /** What its browser or program called itself. */
  readonly name: string | null;
  /** Since when it is remembered. ISO 8601, UTC. */
  readonly createdAt: string;
  /** When the user last signed in there. ISO 8601, UTC. */
  readonly lastUsedAt: string;
  /** Until when it is remembered. ISO 8601, UTC. */
  readonly expiresAt: string;
  /** Whether the request came from it. */
  readonly current: boolean;
}

/** Where each method is reached. */
export const calls: Calls<Devices> = { list: "GET /devices", remove: "DELETE /devices/:id" };
