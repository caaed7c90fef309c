/**
 * Tools for tests of applications and of drivers.
 *
 * @example The laws of a driver of one's own, in the words of any test runner
 * ```ts ignore
 * import { test } from "node:test"; // or vitest, bun:test, Deno.test
 * import { driverSuite } from "@latchkey/auth/testing";
 *
 * driverSuite(test, ({ now }) => myDriver({ now }));
 * ```
 *
 * @module
 */
export { driverSuite } from "../testing/driver_suite.ts";
export type { DriverFacts, Test } from "../testing/driver_suite.ts";
export type { Driver, MaybePromise, WriteOptions } from "../../mod.ts";
