import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { AuthError } from "../../src/errors.ts";

// f_type of statfs(2): disks on which locks and shared memory do not hold (https://sqlite.org/wal.html).
const NETWORK_DISKS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "SMB"],
  [0xfe534d42, "SMB"],
  [0x01021997, "9p"],
  [0x65735546, "FUSE"],
]);

/** Refuses a file or folder on a network disk, there or about to be made.
 * @throws {AuthError} `storage_unsafe` */
export function refuseNetworkDisk(file: string): void {
  const disk = networkDisk(statfsSync(existsSync(file) ? file : dirname(file)).type);
  if (disk === null) return;
  const remedy = `${file} is on a network disk (${disk}), where locks do not hold: use one of this machine`;
  throw new AuthError("storage_unsafe", { remedy });
}

/** The name of a network disk by its `f_type`, or null.
 * @internal exported for its test */
export function networkDisk(type: number): string | null {
  return NETWORK_DISKS.get(type >>> 0) ?? null; // the number may be signed
}
