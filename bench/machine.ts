import { cpus, loadavg, totalmem, type } from "node:os";
import { createHash } from "node:crypto";

/** Above this spread of a fixed piece of work a machine is too noisy to say much. */
export const NOISY = 0.15;

/** Above this load, before anything is measured, others use the machine too. */
export const BUSY = 0.5;

/** What was measured on. */
export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly gigabytes: number;
  /** How many processes wanted to run, in the minute before. */
  readonly load: number;
}

/** The machine as it is now. */
export function machine(): Machine {
  const processors = cpus();
  return {
    system: type(),
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    gigabytes: Math.round(totalmem() / 1e9),
    load: loadavg()[0] ?? 0,
  };
}

/** How long a fixed piece of work takes just now, in milliseconds: hashes, texts and small objects, as all of ours is made of. */
export function pace(): number {
  const began = performance.now();
  let text = JSON.stringify({
    count: 0,
    list: Array.from({ length: 20 }, (_, index) => `item ${index}`),
  });
  for (let turn = 0; turn < 400; turn++) {
    const hash = createHash("sha256").update(text).digest("hex");
    text = JSON.stringify({ ...JSON.parse(text), count: turn, hash });
  }
  return performance.now() - began;
}

/** Frees what nobody holds any more, where the runtime was started so that it can be asked to. */
export function collectGarbage(): void {
  if ("Bun" in globalThis) Bun.gc(true);
  else globalThis.gc?.();
}
