import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { startTcpProxy, type TcpProxyOptions } from "@meeshy/shared/testing/tcp-proxy";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../testing/eventually.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A client and a server that keep what they receive, and the proxy between them. */
async function connected(options: TcpProxyOptions = {}) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const proxy = await startTcpProxy((server.address() as { port: number }).port, options);
  ends.push(() => proxy.close());
  const arrived = once(server, "connection");
  const client = createConnection({ host: "127.0.0.1", port: proxy.port });
  ends.push(() => client.destroy());
  const [peer] = (await arrived) as [Socket];
  ends.push(() => peer.destroy());
  const received = { client: "", server: "" };
  client
    .on("error", () => {})
    .on("data", (chunk) => {
      received.client += chunk;
    });
  peer
    .on("error", () => {})
    .on("data", (chunk) => {
      received.server += chunk;
    });
  return { proxy, client, peer, received };
}

test("a deafened client still sends, a muted one still receives; what stood still flows on in order", async () => {
  const { proxy, client, peer, received } = await connected();
  proxy.deafen();
  client.write("a");
  peer.write("1");
  await eventually(() => received.server === "a");
  expect(received.client).toBe("");
  proxy.mute();
  client.write("b");
  await eventually(() => received.client === "1");
  expect(received.server).toBe("a");
  proxy.mend();
  client.write("c");
  await eventually(() => received.server === "abc");
});

test("what is under way on a slow link does not fall behind what is sent after it is mended", async () => {
  const { proxy, peer, received } = await connected();
  const sent = Array.from({ length: 200 }, (_, index) => `${index} `);
  for (const [index, text] of sent.entries()) {
    if (index % 2 === 0) proxy.slow(20);
    else proxy.mend();
    peer.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(() => received.client === sent.join(""));
});

test("a narrow link holds the sender back and loses nothing", async () => {
  const { proxy, client, received } = await connected();
  proxy.narrow(100_000);
  const began = performance.now();
  const sent = "x".repeat(30_000);
  client.write(sent);
  client.write("end");
  await eventually(() => received.server === `${sent}end`);
  expect(performance.now() - began).toBeGreaterThan(250);
});

test("the first data of a connection can be changed, and ends it where that fails", async () => {
  const first = await connected({
    onFirstChunk: (chunk) => Buffer.from(String(chunk).replace("secret", "wrong!")),
  });
  first.client.write("secret");
  await eventually(() => first.received.server === "wrong!");
  first.client.write("secret");
  await eventually(() => first.received.server === "wrong!secret");
  const second = await connected({
    onFirstChunk: () => {
      throw new Error("not what was expected");
    },
  });
  const closed = once(second.client, "close");
  second.client.write("hello");
  await closed;
  expect(second.received.server).toBe("");
});

test("connections are broken once, and new ones pass", async () => {
  const { proxy, client } = await connected();
  const closed = once(client, "close");
  proxy.drop();
  await closed;
  const next = createConnection({ host: "127.0.0.1", port: proxy.port });
  ends.push(() => next.destroy());
  await once(next, "connect");
  expect(next.destroyed).toBe(false);
});
