import memory from "../../drivers/memory.ts";
import { createAuth } from "../../mod.ts";
import { fill, type Patterns, patterns } from "../crowd.ts";
import { type Crowded, growth } from "../growth.ts";
import { differences, operations } from "../operations.ts";
import { OPTIONS } from "../people.ts";
import type { Row } from "../row.ts";
import type { Driver } from "../../src/store/driver.ts";

const SMALL = 1000;

/** What requests cost in a store of a million people, each with a session, against one of a thousand. */
export const row: Row = {
  title: "Growth, memory",
  async *measure({ short }) {
    const large = short ? 20_000 : 1_000_000;
    const pattern = await patterns();
    const stores = [SMALL, large].map((count) => ({ count, storage: filled(pattern, count) }));
    const [few, many] = stores.map((store) => ({ ...store, crowded: crowded(store.storage, store.count) }));
    if (few === undefined || many === undefined) throw new Error("there are two stores");
    yield* await growth(few.crowded, many.crowded, { store: "memory", short });
    const difference = differences(await operations(few.storage), await operations(many.storage));
    yield {
      is: "reading",
      title: `storage operations of all requests, how many more or fewer with ${
        large.toLocaleString("en")
      } people`,
      unit: "operations",
      values: [difference],
      atMost: 0,
    };
  },
};

function filled(pattern: Patterns, count: number): Driver {
  const storage = memory({ maxBytes: Infinity });
  fill((key, text, ttl) => void storage.setItem(key, text, ttl === undefined ? {} : { ttl }), pattern, count);
  return storage;
}

function crowded(storage: Driver, count: number): Crowded {
  const auth = createAuth({ ...OPTIONS, storage });
  return { count, getSession: (request) => auth.getSession(request), read: storage.getItem };
}
