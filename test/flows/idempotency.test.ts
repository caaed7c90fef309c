// A request with an Idempotency-Key runs once: by method a route of the application's own, over HTTP one of ours.
import { expect } from "vitest";
import { AuthError } from "../../src/errors.ts";
import type { FullAuth } from "../suite/client.ts";
import { storeOf } from "../suite/failing_people.ts";
import { runsOn } from "../suite/failing_steps.ts";
import { faulty } from "../suite/faults.ts";
import { flow } from "../suite/flow.ts";
import { signIn } from "../suite/steps.ts";
import { BASE_URL, type World } from "../suite/world.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";

/** A reply, as far as it matters here. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly replayed: string | null;
  readonly retryAfter: string | null;
}

/** Something that is to happen once. */
interface Subject {
  readonly ask: (auth: FullAuth, name: string, key: string | null, headers?: Headers) => Promise<Reply>;
  /** How often it has happened. */
  readonly times: () => Promise<number>;
  readonly headers: Headers;
}

async function subject(world: World): Promise<Subject> {
  const { client, grant } = await signIn(world, ADA);
  const account = async () => JSON.parse(String((await world.contents()).get(`users:${grant.user.id}`)));
  const { rev } = await account();
  let runs = 0;
  const respond = async (auth: FullAuth, request: Request): Promise<Response> => {
    if (world.via === "http") return await auth.handler(request);
    const response = auth.idempotent(request, async () => {
      const { name } = await request.json();
      runs++;
      return Response.json({ name, order: runs }, { status: 201 });
    });
    return await response.catch(refused);
  };
  return {
    headers: client.headers,
    async ask(auth, name, key, shown = client.headers) {
      const headers = new Headers(shown);
      headers.set("content-type", "application/json");
      if (key !== null) headers.set("idempotency-key", key);
      const body = JSON.stringify({ name });
      const url = `${BASE_URL}/auth/me`;
      const response = await respond(auth, new Request(url, { method: "PATCH", headers, body }));
      return {
        status: response.status,
        body: await response.json(),
        replayed: response.headers.get("idempotency-replayed"),
        retryAfter: response.headers.get("retry-after"),
      };
    },
    times: async () => world.via === "http" ? (await account()).rev - rev : runs,
  };
}

/** An error, as an application may tell it. */
function refused(error: unknown): Response {
  if (!(error instanceof AuthError)) throw error;
  const retryAfter = String(error.details?.retryAfter ?? "");
  return Response.json(error, { status: error.status, headers: { "retry-after": retryAfter } });
}

flow("of 50 requests with one key at once, at two servers, one runs", async (world) => {
  const { ask, times } = await subject(world);
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, i) => ask(world.server(i % 2), "Ada", "one")),
  );
  expect(await times()).toBe(1);
  const ran = replies.filter(({ status, replayed }) => status < 300 && replayed === null);
  expect(ran).toHaveLength(1);
  for (const { status, body, replayed, retryAfter } of replies) {
    if (status === 409) {
      expect([body, retryAfter]).toEqual([expect.objectContaining({ code: "request_in_progress" }), "1"]);
    } else expect([status, body]).toEqual([ran[0]!.status, ran[0]!.body]);
    if (status < 300) expect([null, "true"]).toContain(replayed);
  }
  expect(await ask(world.server(1), "Ada", "one")).toEqual({ ...ran[0]!, replayed: "true" });
  expect(await times()).toBe(1);
}, { unhurried: true });

flow("a reply is told again for 5 minutes, to who asked for the same alone", async (world) => {
  const { ask, times, headers } = await subject(world);
  const { client: bob } = await signIn(world, BOB);
  const auth = world.server();
  const first = await ask(auth, "Ada", "one");
  await world.turn("4m");
  const again = { ...first, replayed: "true" };
  expect(await ask(world.server(1), "Ada", "one")).toEqual(again);
  expect(await ask(auth, "Eve", "one")).toMatchObject({
    status: 422,
    body: { code: "idempotency_conflict" },
  });
  expect(await times()).toBe(1);
  expect(await ask(auth, "Bob", "one", bob.headers)).toMatchObject({ replayed: null, body: { name: "Bob" } });
  expect(await ask(auth, "Eva", "two")).toMatchObject({ replayed: null, body: { name: "Eva" } });
  expect(await ask(auth, "Ada", null)).toMatchObject({ replayed: null, body: { name: "Ada" } });
  const texts = [...await world.contents()].filter(([key]) => key.startsWith("replies:")).map(([, text]) =>
    text
  );
  expect(texts).toHaveLength(3);
  for (const text of texts) expect(text).not.toMatch(/Ada|Bob|Eva|@/);
  const { client: other } = await signIn(world, ADA);
  expect(await ask(auth, "Ada", "one", other.headers)).toEqual(again); // the user's, whichever session asks
  await world.turn("61s");
  expect(await ask(auth, "Eve", "one", headers)).toMatchObject({ replayed: null, body: { name: "Eve" } });
});

flow("what fails leaves its key free", async (world) => {
  const { ask, times } = await subject(world);
  const refusals: readonly (() => Response)[] = [
    () => new Response(null, { status: 400 }),
    () => Response.redirect(BASE_URL, 303),
    () => new Response("busy", { status: 503 }),
    () => {
      throw new TypeError("broken");
    },
  ];
  const auth = world.server();
  if (world.via === "method") {
    for (const [i, refuse] of refusals.entries()) {
      const request = () =>
        new Request(BASE_URL, { method: "POST", headers: { "idempotency-key": `k${i}` } });
      const first = await auth.idempotent(request(), refuse).catch((error: unknown) => error);
      if (first instanceof Response) expect([400, 303, 503]).toContain(first.status);
      else expect(first).toEqual(new TypeError("broken"));
      expect(
        (await auth.idempotent(request(), () => new Response("ran"))).headers.get("idempotency-replayed"),
      ).toBe(null);
      expect(await (await auth.idempotent(request(), refuse)).text()).toBe("ran");
    }
  } else {
    expect(await ask(auth, "x".repeat(65), "one")).toMatchObject({ status: 400 });
    expect(await ask(auth, "Ada", "one")).toMatchObject({ status: 200, replayed: null });
    expect(await times()).toBe(1);
  }
});

flow("a request whose server died is not run again, and its mark says so until it expires", async (world) => {
  const { headers } = await subject(world);
  const shown = new Headers(headers);
  shown.set("x-idempotency-key", "one");
  const request = () => new Request(`${BASE_URL}/orders`, { method: "POST", headers: shown });
  const began = Promise.withResolvers<void>();
  void world.server().idempotent(request(), () => {
    began.resolve();
    return new Promise(() => {});
  });
  await began.promise;
  let runs = 0;
  const again = () =>
    world.server(1).idempotent(request(), () => {
      runs++;
      return new Response("ran");
    }).then(() => "ran", (error: AuthError) => [error.code, error.details?.retryAfter]);
  expect(await again()).toEqual(["request_in_progress", 1]);
  await world.turn("10s");
  expect(await again()).toEqual(["request_in_progress", 290]);
  await world.turn("289s");
  expect(await again()).toEqual(["request_in_progress", 1]);
  expect(runs).toBe(0);
  await world.turn("1s");
  expect(await again()).toBe("ran");
});

flow("a server that is stopped at any operation never makes it happen twice", async (world) => {
  const { ask, times } = await subject(world);
  const healthy = world.another({ storage: storeOf(world) });
  let before = 0;
  for (const [i, run] of runsOn(world.store)) {
    for (let n = 0, hit = true; hit; n++) {
      const late: (() => Promise<unknown>)[] = [];
      const store = faulty(storeOf(world));
      hit = false;
      store.fault = (operation, call) => {
        if (operation.n < n) return call();
        hit = true;
        return run(operation.n === n, call, late, operation);
      };
      const dying = world.another({ storage: store.driver });
      const [name, key] = [`Ada ${i} ${n}`, `${i}-${n}`];
      const first = await ask(dying, name, key);
      store.fault = null;
      const replies = [await ask(healthy, name, key), await ask(dying, name, key)];
      for (const call of late) await call();
      replies.push(await ask(healthy, name, key));
      const happened = await times() - before;
      before += happened;
      const told = [first, ...replies].map(({ status }) => status);
      expect([i, n, told, happened], "how often it happened").toEqual([
        i,
        n,
        told,
        told.some((status) => status < 300) ? 1 : expect.toBeOneOf([0, 1]),
      ]);
      for (const { status } of replies) expect([200, 201, 409]).toContain(status);
      if (first.status < 300) {
        expect(replies.filter(({ replayed, status }) => status < 300 && replayed === null)).toEqual([]);
      }
    }
  }
});
