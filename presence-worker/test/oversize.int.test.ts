import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  leaseKeys,
  partitionOf,
  partitionSubject,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PartitionLease } from "../src/io/checkpoint.ts";
import { allOwned, profileOf, type Rig, type RunningWorker, startRig } from "./rig.ts";

const PARTITION = partitionOf("alice");
const neighbours = Array.from({ length: 5_000 }, (_, n) => `u${n}`).filter(
  (userId) => partitionOf(userId) === PARTITION,
);
const neighbour = () => neighbours.pop() ?? "";

let rig: Rig;
let running: RunningWorker;
beforeAll(async () => {
  rig = await startRig();
  running = await rig.startWorker();
  await allOwned(running);
});
afterAll(() => rig.stop());

const lease = async (): Promise<PartitionLease> => {
  const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(PARTITION));
  const last = await rig.link.lastValue(bucketStream(BUCKET_LEASES), subject);
  return fromBytes(last?.data ?? new Uint8Array()) as PartitionLease;
};
const reported = async (what: string) => {
  const metrics = await running.registry.metrics();
  return metrics.split("\n").some((line) => line.startsWith(`meeshy_oversize_total{what="${what}"`));
};

describe("what does not fit into a message of the broker's", () => {
  it("delays no other user: a person with 1,700 sockets keeps all of them, also under the next owner", async () => {
    const gateway = rig.gateway();
    const SOCKETS = 1_700;
    const device = "\u0001".repeat(100);
    const seqs = await Promise.all(
      Array.from({ length: SOCKETS }, (_, at) =>
        gateway.send("alice", {
          ...{ type: "connected", connectionId: `socket-of-alice-${at}`, gatewayId: gateway.id, device },
          ...{ idleMs: 0, profile: profileOf("alice") },
        }),
      ),
    );
    const other = neighbour();
    const seq = await gateway.connect(other, "c1");
    await eventually(async () => expect((await lease()).memory?.seq).toBeGreaterThanOrEqual(seq));
    expect(await reported("record")).toBe(true);
    expect((await rig.record("alice"))?.seq).toBe(seqs.at(-1));

    const before = running;
    running = await rig.startWorker();
    await before.stop();
    await allOwned(running);
    for (let at = 1; at < SOCKETS; at++) void gateway.disconnect("alice", `socket-of-alice-${at}`);
    const left = await gateway.disconnect(other, "c1");
    await eventually(async () => expect((await rig.status(other))?.version).toBe(left));
    expect(await rig.status("alice")).toMatchObject({ isOnline: true });
    const last = await gateway.disconnect("alice", "socket-of-alice-0");
    await eventually(async () =>
      expect(await rig.status("alice")).toMatchObject({ isOnline: false, version: last }),
    );
  });

  it("a status over the limit reaches as many conversations as fit, and its record and the checkpoint follow", async () => {
    const { definition } = await rig.link.info(STREAM_STATUS);
    await rig.link.updateStream({ ...definition, maxMessageBytes: 8_192 });
    const conversationIds = Array.from({ length: 1_000 }, (_, at) => `conversation-${at}`);
    const person = neighbour();
    const seq = await rig.gateway().connect(person, "c1", { conversationIds });
    const status = await eventually(() => rig.status(person));
    expect(status).toMatchObject({ isOnline: true, version: seq });
    expect(status.conversationIds).toEqual(conversationIds.slice(0, status.conversationIds.length));
    expect(status.conversationIds.length).toBeGreaterThan(200);
    await eventually(async () => expect((await lease()).memory?.seq).toBeGreaterThanOrEqual(seq));
    expect(await reported("status")).toBe(true);
    await rig.link.updateStream(definition);
  });

  it("a checkpoint over the limit is stored without the gateways that were lost longest ago", async () => {
    const stream = bucketStream(BUCKET_LEASES);
    const { definition } = await rig.link.info(stream);
    await rig.link.updateStream({ ...definition, maxMessageBytes: 8_192 });
    const GATEWAYS = 300;
    for (let at = 0; at < GATEWAYS; at++) {
      const event = { type: "gateway-lost" as const, gatewayId: `gw-lost-${at}` };
      const data = new TextEncoder().encode(JSON.stringify({ event }));
      await rig.link.acks.publish(partitionSubject("sweep", PARTITION), data);
    }
    const seq = await rig.gateway().connect(neighbour(), "c1");
    await eventually(async () => expect((await lease()).memory?.seq).toBeGreaterThanOrEqual(seq));
    const known = Object.keys((await lease()).memory?.publishers ?? {});
    expect(known).toContain(`gw-lost-${GATEWAYS - 1}`);
    expect(known).not.toContain("gw-lost-0");
    expect(await reported("checkpoint")).toBe(true);
    await rig.link.updateStream(definition);
  });
});
