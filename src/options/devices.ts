/** How devices are known again. Times are in seconds. */
export interface DeviceSettings {
  /** How long a device is known after its last sign-in. */
  readonly ttl: number;
  /** How many accounts one browser's cookie knows it for. */
  readonly accounts: number;
}

/** It is the same everywhere: no option changes it. */
export const DEVICES: DeviceSettings = {
  ttl: 365 * 24 * 60 * 60, // browsers keep a cookie for 400 days at most
  accounts: 5,
};
