/** Bytes from a seed: the same seed, the same bytes (Mulberry32). For tests alone: anybody can tell the next ones.
 * @example Usage
 * ```ts
 * import { createAuth } from "@latchkey/auth";
 * import { chance } from "@latchkey/auth/testing";
 *
 * const secret = "a-secret-of-32-characters-or-more";
 * createAuth({ secret, baseUrl: "http://localhost:3000", platform: { random: chance(1) } });
 * ``` */
export function chance(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) & 0xFF;
  };
  return (length) => Uint8Array.from({ length }, next);
}
