/** Does something with one after the other, in an order that no cache can guess from the last; and asks each time whether the answer was
 * right.
 * @throws {Error} Where one was wrong. */
export function each<Item>(
  items: readonly Item[],
  isRight: (item: Item) => Promise<boolean>,
): (times: number) => Promise<void> {
  let next = 0;
  return async (times) => {
    for (let turn = 0; turn < times; turn++) {
      next = (next + 7919) % items.length; // a prime: everybody's turn comes
      const item = items[next];
      if (item === undefined || !await isRight(item)) {
        throw new Error("an answer was wrong");
      }
    }
  };
}
