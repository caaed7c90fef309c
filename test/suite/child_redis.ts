// Another process on the same Redis. It obeys the one order in its arguments, tells the outcome, and ends when nothing is left open.
import redis from "../../drivers/redis.ts";

export type Order =
  /** 250 times: read, add one, swap, and again when somebody was faster. */
  | { readonly do: "increment"; readonly url: string }
  /** Reads a key, which may be in vain, and disposes of the driver. */
  | {
    readonly do: "read";
    readonly place: { readonly url: string } | { readonly cluster: readonly string[] };
    /** For how long, in seconds. @default {5} */
    readonly deadline?: number;
  };

const order = JSON.parse(process.argv[2] ?? "") as Order; // our own test wrote it
if (order.do === "increment") {
  const driver = redis({ url: order.url });
  for (let done = 0; done < 250;) {
    const text = await driver.getItem("counter");
    if (await driver.swap("counter", text, `${Number(text) + 1}`)) done++;
  }
  await driver.dispose();
  console.log("done");
} else {
  const driver = redis({ ...order.place, ...(order.deadline !== undefined && { deadline: order.deadline }) });
  console.log(await Promise.resolve(driver.getItem("users:a")).catch((error) => error.code));
  await driver.dispose();
}
