import { expect, test } from "vitest";
import { AuthError } from "../../src/errors.ts";

test("an AuthError is known by every copy of its class, as where two doors of the package bring one each", async () => {
  const Copy = await copy();
  expect(Copy).not.toBe(AuthError);
  const [ours, theirs] = [new AuthError("internal"), new Copy("internal")];
  expect([ours instanceof AuthError, theirs instanceof AuthError]).toEqual([true, true]);
  expect([ours instanceof Copy, theirs instanceof Copy, ours instanceof Error]).toEqual([true, true, true]);
});

test("a class that extends it knows its own errors alone", async () => {
  const Copy = await copy();
  class Refused extends AuthError {}
  const refused = new Refused("internal");
  expect([refused instanceof Refused, refused instanceof AuthError, refused instanceof Copy]).toEqual([
    true,
    true,
    true,
  ]);
  expect([new AuthError("internal") instanceof Refused, new Copy("internal") instanceof Refused]).toEqual([
    false,
    false,
  ]);
});

test("nothing else is one, whatever it says of itself", () => {
  const shown = { name: "AuthError", code: "internal", status: 500 };
  const others = [
    new Error("internal"),
    shown,
    JSON.parse(JSON.stringify(new AuthError("internal"))),
    null,
    "AuthError",
  ];
  expect(others.map((other) => other instanceof AuthError)).toEqual(others.map(() => false));
});

/** The same file, loaded once more. */
async function copy(): Promise<typeof AuthError> {
  const again = "../../src/errors.ts?again";
  const module: { AuthError: typeof AuthError } = await import(again);
  return module.AuthError;
}
