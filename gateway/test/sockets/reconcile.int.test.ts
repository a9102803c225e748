import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, eventSubject, recordKey } from "@meeshy/shared/subjects";
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
  await servers.link.acks.publish(
    eventSubject("admin", "alice"),
    toBytes({ event: { type: "disconnect-all" } }),
  );
  // The owner writes the record once it has given up telling the gateway.
  await eventually(async () => {
    const subject = keySubject(BUCKET_STATE, recordKey("alice"));
    const last = await servers.link.lastValue(bucketStream(BUCKET_STATE), subject);
    return last?.deleted || !new TextDecoder().decode(last?.data).includes("gatewayId");
  });
  expect(alice.all("disconnect")).toEqual([]);

  proxy.mend();
  expect(await eventually(() => alice.all("disconnect")[0], { within: 20_000 })).toBe("io server disconnect");
  expect(bob.all("disconnect")).toEqual([]);
  expect(await bob.ask("activity")).toEqual({ success: true });
  bob.close();
});
