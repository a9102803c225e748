import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import type { StatusMessage } from "@meeshy/shared/status";
import { partitionOf, partitionSubject, STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Servers, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
}, 60_000);
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const statusOf = async (userId: string) => {
  const last = await servers.link.lastValue(STREAM_STATUS, statusSetSubject(userId));
  return last && (fromBytes(last.data) as StatusMessage);
};

it("a gateway that has missed that it was declared lost announces its people under a new id", async () => {
  const gateway = await servers.gateway({ ACTIVITY_THROTTLE_MS: "100" });
  const alice = await signIn(gateway.url, "alice");
  const gatewayIds = async () =>
    (await servers.readLog()).flatMap(({ event }) => (event.type === "connected" ? [event.gatewayId] : []));
  const [gatewayId] = await gatewayIds();
  const lost = { event: { type: "gateway-lost", gatewayId } };
  await servers.link.acks.publish(partitionSubject("sweep", partitionOf("alice")), toBytes(lost));
  await eventually(async () => (await statusOf("alice"))?.isOnline === false);
  await eventually(
    async () => {
      alice.socket.emit("activity");
      await worker.tick();
      return (await statusOf("alice"))?.isOnline;
    },
    { what: "alice is shown again", within: 30_000, every: 500 },
  );
  expect(new Set(await gatewayIds()).size).toBe(2);
  alice.close();
}, 60_000);
