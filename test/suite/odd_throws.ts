/** What nobody should throw and somebody will: name → what throws it. */
export const ODD_THROWS: Readonly<Record<string, () => never>> = {
  "a cause that is its own cause": () => {
    const inner = new Error("inner");
    const outer = new Error("outer", { cause: inner });
    inner.cause = outer;
    throw outer;
  },
  "a message that is a number": () => fail(Object.assign(new Error("x"), { message: 42 })),
  "a message that throws": () => fail(Object.defineProperty(new Error("x"), "message", { get: broken })),
  "a stack that is a list": () => fail(Object.assign(new Error("x"), { stack: [] })),
  "a stack that throws": () => fail(Object.defineProperty(new Error("x"), "stack", { get: broken })),
  "a cause that throws": () => fail(Object.defineProperty(new Error("x"), "cause", { get: broken })),
  "an object without a prototype": () => fail(Object.create(null)),
  "a symbol": () => fail(Symbol("x")),
  "a text of its own that throws": () => fail({ toString: broken }),
  "a proxy that throws": () => fail(new Proxy({}, { get: broken, getPrototypeOf: broken })),
  "ten thousand causes": () => {
    let cause: unknown = "the first";
    for (let i = 0; i < 10_000; i++) cause = new Error("x", { cause });
    throw cause;
  },
};

function fail(what: unknown): never {
  throw what;
}

function broken(): never {
  throw new Error("this cannot be told");
}
