// Run by `bun test`: the laws on a driver that keeps them, or on one that does not.
import { test } from "bun:test";
import { subject } from "./subject.ts";
import { driverSuite } from "@latchkey/auth/testing";

driverSuite(test, subject, { keys: 300 });
