// Run by `deno test`: the laws on a driver that keeps them, or on one that does not.
import { subject } from "./subject.ts";
import { driverSuite, type Test } from "@latchkey/auth/testing";

const { Deno }: { readonly Deno?: { readonly test: Test } } = globalThis as object;
if (Deno === undefined) throw new TypeError("this is for Deno");
driverSuite(Deno.test, subject, { keys: 300 });
