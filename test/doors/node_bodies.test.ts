// Bodies through the Node adapter: as they come, no faster than they are wanted, and broken off where they break.
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { type FetchHandler, toNodeListener } from "../../src/doors/node.ts";
import { raw } from "../server/command.ts";
import { heard, listening } from "./listening.ts";

test("a body is streamed: the handler answers its first part before the second is sent", async () => {
  const port = await listening(toNodeListener(({ body }) => new Response(body)));
  const outgoing = request({ port, host: "127.0.0.1", method: "POST", path: "/" });
  outgoing.write("first");
  const incoming = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
  incoming.setEncoding("utf8");
  const parts: string[] = [];
  for await (const part of incoming) {
    parts.push(part);
    if (parts.join("") === "first") outgoing.end("second");
  }
  expect(parts.join("")).toBe("firstsecond");
});

test("no more of a body is taken than the handler asks for", async () => {
  let taken: IncomingMessage | undefined;
  let first = () => {};
  const read = new Promise<void>((resolve) => first = resolve);
  const listener = toNodeListener(async ({ method, body }) => {
    if (method === "GET") return Response.json([taken?.isPaused(), taken?.complete]);
    await body?.getReader().read();
    first();
    return await new Promise(() => {}); // it never asks for the rest
  });
  const port = await listening((incoming, outgoing) => {
    if (incoming.method === "POST") taken = incoming;
    listener(incoming, outgoing);
  });
  const outgoing = request({ port, host: "127.0.0.1", method: "POST", path: "/" });
  outgoing.on("error", () => {}); // it is cut off at the end
  outgoing.end(new Uint8Array(2 ** 24));
  await read;
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toEqual([true, false]);
});

test("a body that the framework gives up breaks off for the handler too", async () => {
  const broken = new Promise((resolve) => {
    void listening((incoming, outgoing) => {
      const listener = toNodeListener(async ({ body }) => {
        const reader = body?.getReader();
        await reader?.read();
        incoming.destroy();
        await reader?.read().then(() => resolve("whole"), () => resolve("broken off"));
        return new Response();
      });
      listener(incoming, outgoing);
    }).then((port) => {
      const outgoing = request({ port, host: "127.0.0.1", method: "POST", path: "/" });
      outgoing.on("error", () => {}); // as it must
      outgoing.write("half");
    });
  });
  expect(await broken).toBe("broken off");
});

test("10 MB go through both ways, and come back as they went", async () => {
  const port = await listening(toNodeListener(({ body }) => new Response(body)));
  const sent = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Uint8Array(10 * 2 ** 20).map((_, i) => sent[i % sent.length] ?? 0);
  const reply = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
  expect(Buffer.from(body).equals(await reply.bytes())).toBe(true); // compared by the matcher it takes ten seconds
});

test("a body that nobody reads, or not to its end, does not stand in the way of the next request", async () => {
  const port = await listening(toNodeListener(async ({ body, url }) => {
    if (url.endsWith("/part")) await body?.getReader().read();
    return new Response("ok");
  }));
  const socket = connect(port, "127.0.0.1");
  const long = "x".repeat(2 ** 20);
  const posted = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${long.length}\r\n\r\n${long}`;
  socket.write(
    `${posted("/part")}${posted("/none")}GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  expect((await heard(socket)).match(/HTTP\/1\.1 200/g)).toHaveLength(3);
});

test("a client that goes away in the middle of its body, or of its reply, ends that and nothing else", async () => {
  const outcomes: unknown[] = [];
  let settled = () => {};
  const both = new Promise<void>((resolve) => settled = () => outcomes.length === 2 && resolve());
  const told = (outcome: unknown) => {
    outcomes.push(outcome);
    settled();
  };
  const endless = () =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => told("reply cancelled"),
    });
  const port = await listening(toNodeListener(async (asked) => {
    if (asked.method === "GET") return new Response(asked.url.endsWith("/endless") ? endless() : "ok");
    await asked.text().catch(() => told("body broken off"));
    return new Response("nobody hears this");
  }));
  const sender = connect(port, "127.0.0.1");
  sender.write(
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    () => sender.destroy(),
  );
  const reader = connect(port, "127.0.0.1");
  reader.write("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
  reader.once("data", () => reader.destroy());
  await both;
  expect(outcomes.toSorted()).toEqual(["body broken off", "reply cancelled"]);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("ok");
});

test("a body that a framework has read is taken as it was parsed, and its type is not changed by that", async () => {
  const seen: FetchHandler = async (asked) =>
    Response.json({ type: asked.headers.get("content-type"), body: await asked.text() });
  const parse: Readonly<Record<string, (text: string) => unknown>> = {
    "application/json": JSON.parse,
    "application/x-www-form-urlencoded": (text) => Object.fromEntries(new URLSearchParams(text)),
    "text/plain": String,
    "application/octet-stream": (text) => new TextEncoder().encode(text),
    "image/png": () => undefined,
  };
  const port = await listening(async (incoming, outgoing) => {
    const type = incoming.headers["content-type"] ?? "";
    Object.assign(incoming, { body: parse[type]?.(await heard(incoming)) });
    toNodeListener(seen)(incoming, outgoing);
  });
  const sent: readonly (readonly [type: string, body: string, arrives: string])[] = [
    ["application/json", '{ "a": [1, "é"] }', '{"a":[1,"é"]}'],
    ["application/x-www-form-urlencoded", "a=1", '{"a":"1"}'],
    ["text/plain", "plain", "plain"],
    ["application/octet-stream", "bytes", "bytes"],
    ["image/png", "lost", ""],
  ];
  for (const [type, body, arrives] of sent) {
    const reply = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "Content-Type": type },
      body,
    });
    expect(await reply.json()).toEqual({ type, body: arrives });
  }
});

test("a parser that found no body leaves an empty one", async () => {
  const port = await listening((incoming, outgoing) => {
    Object.assign(incoming, { body: {} }); // Express 4 does so
    toNodeListener(async (asked) => Response.json(await asked.text()))(incoming, outgoing);
  });
  expect((await raw(port, ["POST / HTTP/1.1", "Host: localhost", "Content-Length: 0"])).body).toContain('""');
});

test("a reply that fails on its way is broken off, not ended as if it were whole", async () => {
  const port = await listening(toNodeListener(() => {
    let parts = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (parts++ < 3) controller.enqueue(new TextEncoder().encode("part"));
          else controller.error(new Error("the disk is gone"));
        },
      }),
    );
  }));
  await expect(fetch(`http://127.0.0.1:${port}/`).then((reply) => reply.text())).rejects.toThrow();
});
