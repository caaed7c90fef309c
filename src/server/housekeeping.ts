import { messageOf } from "./folder.ts";

const HOUR = 3_600_000; // ms

/** Sweeps the store every hour, one sweep at a time, until it is stopped. One that fails is told, and the next one does the rest. It
 * does not keep the process alive. */
export function sweepHourly(sweep: () => Promise<unknown>, tell: (message: string) => void): () => void {
  let [sweeping, stopped] = [false, false];

  async function once(): Promise<void> {
    if (sweeping) return;
    sweeping = true;
    try {
      await sweep();
    } catch (error) {
      if (!stopped) tell(`The hourly sweep of the store failed: ${messageOf(error)}`);
    }
    sweeping = false;
  }

  const timer = setInterval(() => void once(), HOUR);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
