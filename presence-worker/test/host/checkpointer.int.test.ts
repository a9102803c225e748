import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys, partitionOf } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it, onTestFinished } from "vitest";
import type { PartitionLease } from "../../src/io/checkpoint.ts";
import { allOwned, startRig } from "../rig.ts";

const PARTITION = partitionOf("alice");
const neighbours = Array.from({ length: 5_000 }, (_, n) => `u${n}`).filter(
  (userId) => partitionOf(userId) === PARTITION,
);

it("records are written soon, and one checkpoint covers several rounds of them", async () => {
  const rig = await startRig();
  onTestFinished(() => rig.stop());
  await allOwned(await rig.startWorker());
  const gateway = rig.gateway();
  const covered = async (): Promise<number> => {
    const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(PARTITION));
    const last = await rig.link.lastValue(bucketStream(BUCKET_LEASES), subject);
    return (fromBytes(last?.data ?? new Uint8Array()) as PartitionLease).memory?.seq ?? 0;
  };

  let recorded = 0;
  const isAhead = async (userId: string): Promise<boolean> => {
    const before = recorded;
    recorded = await gateway.connect(userId, "c1");
    await eventually(async () => (await rig.record(userId))?.seq === recorded);
    return (await covered()) < before;
  };
  await isAhead("alice");
  await eventually(() => isAhead(neighbours.pop() ?? ""), {
    what: "a record of one round while the checkpoint does not cover the round before",
  });
  await eventually(async () => expect(await covered()).toBeGreaterThanOrEqual(recorded));
});
