import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, BUCKET_STATE, eventSubject, leaseKeys, recordKey } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { type Servers, signIn, startServers } from "../harness.ts";
import { startWorker } from "../worker.ts";

let servers: Servers;
beforeEach(async () => {
  servers = await startServers();
});
afterEach(() => servers?.stop());

/** Orders alice's sockets to be closed; resolves once her record says so. */
async function orderToClose() {
  await servers.link.acks.publish(
    eventSubject("admin", "alice"),
    toBytes({ event: { type: "disconnect-all" } }),
  );
  // The owner writes the record once it has given up commanding the gateway.
  await eventually(async () => {
    const subject = keySubject(BUCKET_STATE, recordKey("alice"));
    const last = await servers.link.lastValue(bucketStream(BUCKET_STATE), subject);
    return last?.deleted || !new TextDecoder().decode(last?.data).includes("gatewayId");
  });
}

it("a socket whose order to close came while its gateway had no link is closed after the reconnect, no other is", async () => {
  const worker = await startWorker(servers);
  onTestFinished(() => worker.stop());
  const proxy = await startTcpProxy(servers.nats.port);
  onTestFinished(() => proxy.close());
  const gateway = await servers.gateway({}, { natsPort: proxy.port });
  const alice = await signIn(gateway.url, "alice");
  const bob = await signIn(gateway.url, "bob");

  proxy.cut();
  await eventually(() => !gateway.link.isUp());
  await orderToClose();
  expect(alice.all("disconnect")).toEqual([]);

  proxy.mend();
  expect(await eventually(() => alice.all("disconnect")[0])).toBe("io server disconnect");
  expect(bob.all("disconnect")).toEqual([]);
  expect(await bob.ask("activity")).toEqual({ success: true });
  bob.close();
});

it("such a socket is closed as well when its gateway was declared lost meanwhile, and announces it again", async () => {
  const worker = await startWorker(servers);
  onTestFinished(() => worker.stop());
  const proxy = await startTcpProxy(servers.nats.port);
  onTestFinished(() => proxy.close());
  const gateway = await servers.gateway({}, { natsPort: proxy.port });
  const alice = await signIn(gateway.url, "alice");
  const bob = await signIn(gateway.url, "bob");
  const log = await servers.readLog();
  const [announced] = log.filter(({ event }) => event.type === "connected");
  const former = announced?.publisher ?? "";

  proxy.cut();
  await eventually(() => !gateway.link.isUp());
  await orderToClose();
  await servers.link.acks.publish(
    keySubject(BUCKET_LEASES, leaseKeys.gateway(former)),
    toBytes({ beat: 1, connections: 0, users: 0, lost: true }),
  );
  expect(alice.all("disconnect")).toEqual([]);

  proxy.mend();
  expect(await eventually(() => alice.all("disconnect")[0])).toBe("io server disconnect");
  const again = (await servers.readLog()).filter(
    ({ event, publisher }) => event.type === "connected" && publisher !== former,
  );
  expect(again).toHaveLength(2);
  expect(bob.all("disconnect")).toEqual([]);
  expect(await bob.ask("activity")).toEqual({ success: true });
  bob.close();
});
