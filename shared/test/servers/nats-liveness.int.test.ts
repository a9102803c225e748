import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { STREAM_EVENTS } from "@meeshy/shared/subjects";
import { expect, onTestFinished, test } from "vitest";
import { natsLiveness } from "../../src/servers/nats-liveness.ts";
import { startNats } from "../../testing/servers.ts";
import { openLog } from "../nats/kit.ts";

const GREETING =
  'INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":1048576,"headers":true}\r\n';

/** A server that does this with each connection, and nothing more; gives its port. */
async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("a nats-server that answers lives; one that stands still does not, and does again when it goes on", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const isAlive = natsLiveness(nats.port, undefined);
  expect(await isAlive()).toBe(true);
  process.kill(nats.pid, "SIGSTOP");
  expect(await isAlive()).toBe(false);
  process.kill(nats.pid, "SIGCONT");
  expect(await isAlive()).toBe(true);
});

test("a nats-server that answers for its log lives if it stores there", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openLog(nats.url);
  const isAlive = natsLiveness(nats.port, undefined);
  expect(await isAlive()).toBe(true);
  expect(await link.info(STREAM_EVENTS)).toMatchObject({ last: 1 });

  const { config } = await link.jsm.streams.info(STREAM_EVENTS);
  await link.jsm.streams.delete(STREAM_EVENTS);
  await link.jsm.streams.add({ ...config, no_ack: true });
  expect(await isAlive()).toBe(false);
});

test.each<[string, (socket: Socket) => void, boolean]>([
  ["says nothing", () => {}, false],
  ["greets, and says nothing more", (socket) => socket.write(GREETING), false],
  ["closes it", (socket) => socket.end(), true],
  ["has no room", (socket) => socket.end("-ERR 'maximum connections exceeded'\r\n"), true],
  [
    "does not take the password",
    (socket) => {
      socket.write(GREETING);
      socket.once("data", () => socket.end("-ERR 'Authorization Violation'\r\n"));
    },
    true,
  ],
])("a server that answers a connection so: %s", async (_, onConnection, lives) => {
  expect(await natsLiveness(await listen(onConnection), "a password")()).toBe(lives);
});

test("a server that does not listen may be starting", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  expect(await natsLiveness(port, undefined)()).toBe(true);
});
