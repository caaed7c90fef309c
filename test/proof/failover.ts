// A master that dies while people are at work, and what became of what they were told.
import type { Driver } from "../../src/store/driver.ts";
import { mailbox } from "../../src/testing/mailbox.ts";
import { storedIn } from "../races/scene.ts";
import { type RedisCluster, until } from "../suite/redis_cluster.ts";
import type { RedisServer } from "../suite/redis_server.ts";
import { audit, begin, type Ledger, type Load, serving } from "./people.ts";

/** How a master dies. */
export interface Failover {
  readonly cluster: RedisCluster;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Another driver on the store of this run. */
  readonly driver: () => Driver;
  /** Whether its replica gets nothing more in the moments before: what is answered then, is lost. */
  readonly cutOff: boolean;
  /** What else is done while the replica gets nothing, to a key of the master, and what is seen of it afterwards. */
  readonly meanwhile?: (key: string) => Promise<() => Promise<void>>;
}

const PEOPLE = 12;
const REFUSED = 20; // requests until it is over with a master that waits for its replica in vain

/** Lets people work at three servers, kills the master, waits until its replica has taken over and everybody gets on, and looks at all
 * that they were told. The servers are never started again; the node is, as a replica. */
export async function failover(given: Failover): Promise<Ledger> {
  const { cluster, master, replica, driver } = given;
  const box = mailbox();
  const drivers = [driver(), driver(), driver(), driver()];
  const [fresh, ...servers] = drivers.map((one) => serving(one, box));
  const load = begin(servers, box, PEOPLE);
  let seen: (() => Promise<void>) | undefined;
  try {
    await everybody(load, 3);
    if (given.cutOff) {
      await cluster.cutOff(master);
      seen = await given.meanwhile?.(await keyOf(cluster, master));
      const refused = until(() => load.ledger.unavailable > REFUSED);
      await Promise.race([everybody(load, 2), refused]);
    }
    await cluster.kill(master, replica);
    await cluster.revive(master);
    await everybody(load, 2);
  } finally {
    await load.stop();
  }
  await seen?.();
  await audit(load, fresh!);
  await whole(load, drivers[0]!);
  for (const server of [fresh!, ...servers]) await server.close();
  return load.ledger;
}

/** A key that a master has. */
async function keyOf(cluster: RedisCluster, master: RedisServer, key = "key"): Promise<string> {
  const { port } = await cluster.nodeOf(`{${key}}`);
  return port === master.port ? key : await keyOf(cluster, master, `${key}-`);
}

/** Resolves when everybody has finished so many more rounds, with every request of theirs answered. */
async function everybody({ lanes }: Load, more: number): Promise<void> {
  const goals = lanes.map(({ rounds }) => rounds + more);
  await until(() => lanes.every(({ rounds }, number) => rounds >= goals[number]!));
}

/** Notes as lost what no two records of a store may say. */
async function whole({ lanes, ledger }: Load, driver: Driver): Promise<void> {
  const { accounts, claims } = storedIn(await Array.fromAsync(driver.entries("")));
  const sure = new Set(
    lanes.flatMap(({ owners }) => [...owners].flatMap(([email, uid]) => uid === null ? [] : [email])),
  );
  const owned = new Set<string>();
  for (const { uid, identifiers } of accounts) {
    const values = identifiers.map(({ value }) => value).filter((value) => sure.has(value));
    if (values.some((value) => owned.has(value))) ledger.lost.push("an address has two accounts");
    values.forEach((value) => owned.add(value));
    if (values.length > claims.filter((claim) => claim.uid === uid).length) {
      ledger.lost.push("a claim is gone");
    }
  }
}
