import { fromBytesOrNone, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  leaseKeys,
  PARTITIONS,
  partitionOf,
  recordKey,
  STREAM_STATUS,
  statusSetSubject,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { VERSIONS } from "@meeshy/shared/versions";
import { beforeEach, describe, expect, test } from "vitest";
import { openLog } from "../../shared/test/nats/kit.ts";
import { allOwned, type Rig, type RunningWorker, startRig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  return () => rig.stop();
});

const ALICE = partitionOf("alice");
const leaseSubject = (key: string) => keySubject(BUCKET_LEASES, key);
const lease = (key = leaseKeys.partition(ALICE)) =>
  rig.link.lastValue(bucketStream(BUCKET_LEASES), leaseSubject(key));
const readValue = async (found: ReturnType<typeof lease>) => {
  const last = await found;
  return last && (fromBytesOrNone(last.data) as Record<string, unknown> | undefined);
};
const ownedBy = (running: RunningWorker, partitions: number) =>
  eventually(() => running.worker.figures().partitions === partitions);
const unreadable = async ({ registry }: RunningWorker, format: string) =>
  (await registry.getSingleMetricAsString("meeshy_unreadable_total")).includes(`{format="${format}"} 1`);
/** As a crash ends it: nothing is released, nothing written any more. */
const crash = (running: RunningWorker) => running.link.close();

describe("a lease", () => {
  test.each<[string, Uint8Array]>([
    ["that a later release wrote", toBytes({ v: VERSIONS.lease + 1, holder: "w_later", log: [1, 2] })],
    [
      "that a later release wrote, and that reads like one of ours",
      toBytes({ v: 9, owner: null, memory: null, storedUpTo: 0 }),
    ],
    ["that is damaged", toBytes({ owner: 7 })],
    ["that is not JSON", new TextEncoder().encode("{")],
  ])("%s is neither taken nor written over until an operator deletes it", async (_, data) => {
    const log = await openLog(rig.nats.url);
    const { seq } = await log.acks.publish(leaseSubject(leaseKeys.partition(ALICE)), data);
    const running = await rig.startWorker();
    await ownedBy(running, PARTITIONS - 1);
    expect((await lease())?.seq).toBe(seq);
    expect(running.worker.unready()).toContain("1 leases cannot be read");
    expect(await unreadable(running, "lease")).toBe(true);
    await log.acks.publish(leaseSubject(leaseKeys.partition(ALICE)), new Uint8Array(), { deletes: true });
    await allOwned(running);
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.status("alice"))?.isOnline);
  });

  test("that is damaged under its living owner is written anew by it", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    await rig.link.acks.publish(leaseSubject(leaseKeys.partition(ALICE)), toBytes("damaged"));
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await readValue(lease()))?.owner === running.worker.id);
    await allOwned(running);
  });

  test("that a worker of a later release takes is given up to it", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const { seq } = await rig.link.acks.publish(
      leaseSubject(leaseKeys.partition(ALICE)),
      toBytes({ v: VERSIONS.lease + 1, holder: "w_later" }),
    );
    await rig.gateway().connect("alice", "c1");
    await ownedBy(running, PARTITIONS - 1);
    expect((await lease())?.seq).toBe(seq);
  });
});

test("an epoch that a later release wrote is not replaced", async () => {
  const running = await rig.startWorker();
  await allOwned(running);
  const later = { v: VERSIONS.epoch + 1, number: 7 };
  const { seq } = await rig.link.acks.publish(leaseSubject(leaseKeys.epoch), toBytes(later));
  await eventually(() => unreadable(running, "epoch"));
  expect((await lease(leaseKeys.epoch))?.seq).toBe(seq);
  expect(running.worker.figures().partitions).toBe(PARTITIONS);
});

describe("a status of which only epoch and version can be read", () => {
  const put = (status: object) => rig.link.acks.publish(statusSetSubject("alice"), toBytes(status));
  const stored = async () => readValue(rig.link.lastValue(STREAM_STATUS, statusSetSubject("alice")));

  test("is kept when it is newer", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    await put({ v: VERSIONS.status + 1, userId: "alice", epoch: 1, version: 1_000_000, mood: "away" });
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.record("alice"))?.state === "online");
    expect(await stored()).toMatchObject({ mood: "away" });
    expect(await unreadable(running, "status")).toBe(true);
  });

  test("is replaced when it is older", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    await put({ v: VERSIONS.status + 1, userId: "alice", epoch: 1, version: 0, mood: "away" });
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await stored())?.isOnline);
    expect(await unreadable(running, "status")).toBe(true);
  });
});

test("a record that cannot be read, of a later event than the checkpoint, delays no other user; the next event replaces it", async () => {
  const former = await rig.startWorker();
  await allOwned(former);
  const gateway = rig.gateway();
  await gateway.connect("alice", "c1");
  await eventually(
    async () => (await lease())?.seq !== undefined && (await rig.record("alice"))?.state === "online",
  );
  const before = await eventually(async () => ((await readValue(lease()))?.memory as { seq: number })?.seq);
  await crash(former);
  const connected = await gateway.connect("alice", "c2");
  const subject = keySubject(BUCKET_STATE, recordKey("alice"));
  await rig.link.acks.publish(
    subject,
    toBytes({ v: VERSIONS.record + 1, epoch: 1, seq: connected + 1, mood: "away" }),
  );
  const seqOf = async () => ((await readValue(lease()))?.memory as { seq: number })?.seq;
  await rig.link.acks.publish(
    `presence.in.${ALICE}.sweep`,
    toBytes({ event: { type: "gateway-lost", gatewayId: "none" } }),
  );

  const running = await rig.startWorker();
  await allOwned(running);
  expect(await unreadable(running, "record")).toBe(true);
  await eventually(async () => (await seqOf()) > before && (await seqOf()) >= connected);
  expect(await rig.record("alice")).toMatchObject({ mood: "away" });

  await gateway.connect("alice", "c3");
  await eventually(async () => (await rig.record("alice"))?.state === "online");
});
