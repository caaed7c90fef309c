import { Redis } from "ioredis";
import redis from "../../drivers/redis.ts";
import { hasRedis, redisServer } from "../../test/suite/redis_server.ts";
import { isGood, shown } from "../limit.ts";
import { forAny, forMany, people } from "../people.ts";
import { wayTo } from "../round_trips.ts";
import type { Contestant, Race, Reading, Row } from "../row.ts";

const PEOPLE = 1000;
const AT_ONCE = 50;
const GETS = "two GETs of ioredis";
const PIPELINE = "a pipeline of ioredis";
const CHECKS = 100; // whose round trips are counted

/** Checks sessions in a Redis of this machine, beside the same two reads by the bare client. */
export const row: Row = {
  title: "Session check, Redis",
  async *measure() {
    if (!hasRedis) {
      throw new Error(
        "this machine has no redis-server: install it, or leave this row out",
      );
    }
    const server = await redisServer();
    const { auth, requests } = await people(redis({ url: server.url }), PEOPLE);
    const client = new Redis(server.url);
    const check = async (request: Request) => (await auth.getSession(request)).user !== null;
    const gets = (request: Request) => byGets(client, request);
    const pipeline = (request: Request) => byPipeline(client, request);
    try {
      yield race("one at a time", 0.85, [
        { name: "Latchkey", work: forAny(requests, check) },
        { name: GETS, work: forAny(requests, gets) },
        { name: PIPELINE, work: forAny(requests, pipeline) },
      ]);
      yield race(`${AT_ONCE} in flight`, 0.6, [
        { name: "Latchkey", work: forMany(requests, AT_ONCE, check) },
        { name: GETS, work: forMany(requests, AT_ONCE, gets) },
        { name: PIPELINE, work: forMany(requests, AT_ONCE, pipeline) },
      ]);
      yield await roundTrips(server.port);
    } finally {
      client.disconnect();
      await auth.close();
      await server.stop();
    }
  },
};

function race(
  how: string,
  atLeast: number,
  contestants: readonly Contestant[],
): Race {
  const title = `session check by cookie, Redis, ${PEOPLE} people, ${how}`;
  return {
    is: "race",
    title,
    contestants,
    targets: [GETS, PIPELINE].map((against) => ({ against, atLeast })),
  };
}

/** Two GETs, sent in one tick. The keys are those of the driver. */
async function byGets(client: Redis, request: Request): Promise<boolean> {
  const asked = shown(request);
  const [user, session] = await Promise.all([
    client.get(`latchkey:${asked.user}`),
    client.get(`latchkey:${asked.session}`),
  ]);
  return isGood(asked, user, session);
}

/** Both in one pipeline: which of the two ways is the quicker one depends on the runtime. */
async function byPipeline(client: Redis, request: Request): Promise<boolean> {
  const asked = shown(request);
  const keys = [asked.user, asked.session].map((
    key,
  ) => ["get", `latchkey:${key}`]);
  const [user, session] = await client.pipeline(keys).exec() ?? [];
  return isGood(asked, textOf(user), textOf(session));
}

function textOf(
  reply: readonly [error: Error | null, reply: unknown] | undefined,
): string | null {
  const text = reply?.[1];
  return typeof text === "string" ? text : null;
}

async function roundTrips(port: number): Promise<Reading> {
  const way = await wayTo(port);
  const { auth, requests } = await people(
    redis({ url: `redis://127.0.0.1:${way.port}`, base: "counted" }),
    1,
  );
  const check = forAny(
    requests,
    async (request) => (await auth.getSession(request)).user !== null,
  );
  await check(1);
  way.taken();
  await check(CHECKS);
  const values = [way.taken() / CHECKS];
  await auth.close();
  way.close();
  return {
    is: "reading",
    title: "round trips of a session check, Redis",
    unit: "round trips",
    values,
    atMost: 1,
  };
}
