import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { partitionProgressSchema } from "@meeshy/shared/partition-progress";
import type { StatusMessage } from "@meeshy/shared/status";
import {
  BUCKET_LEASES,
  leaseKeys,
  partitionOf,
  STREAM_STATUS,
  statusSetSubject,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningGateway, type Servers, settle, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const stored = async (userId: string) => {
  const last = await servers.link.lastValue(STREAM_STATUS, statusSetSubject(userId));
  return last && (fromBytes(last.data) as StatusMessage);
};
/** The partition has said how far it has processed the log. */
const isWrittenDown = async (userId: string) => {
  const key = keySubject(BUCKET_LEASES, leaseKeys.partition(partitionOf(userId)));
  const last = await servers.link.lastValue(bucketStream(BUCKET_LEASES), key);
  return (last && partitionProgressSchema.safeParse(fromBytes(last.data)).data?.memory?.seq) ?? 0;
};

it.each([
  ["a version", { epoch: 1, version: 900_000_000 }],
  ["an epoch", { epoch: 2_000_000, version: 1 }],
])(
  "a status with %s beyond the end of the log reaches no viewer, and its owner overwrites it",
  async (_, forged) => {
    const bob = await signIn(gateway.url, "bob");
    const alice = await signIn(gateway.url, "alice");
    await eventually(() => bob.all<StatusMessage>("user:status").some(({ userId }) => userId === "alice"));
    await eventually(async () => {
      await worker.tick();
      return (await isWrittenDown("alice")) > 0;
    });
    const rejected = await gateway.metric("meeshy_status_messages_rejected_total");
    await servers.publishStatus("alice", { ...forged, isOnline: false, conversationIds: ["general"] });
    await eventually(async () => (await gateway.metric("meeshy_status_messages_rejected_total")) > rejected);
    await settle();
    const ofAlice = () => bob.all<StatusMessage>("user:status").filter(({ userId }) => userId === "alice");
    expect(ofAlice().every(({ isOnline }) => isOnline)).toBe(true);
    alice.close();
    await eventually(() => ofAlice().at(-1)?.isOnline === false, { what: "alice leaves" });
    expect(await stored("alice")).toMatchObject({ epoch: 1, isOnline: false, cause: "disconnect" });
    expect((await stored("alice"))?.version).toBeLessThan(900_000_000);
    bob.close();
  },
);
