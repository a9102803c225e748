import { toBytes } from "../src/nats/last-value.ts";
import { bucketStream, keySubject } from "../src/nats/streams.ts";
import type { Bus } from "../src/ports/bus.ts";
import { BUCKET_LEASES, leaseKeys, PARTITIONS } from "../src/subjects.ts";

/** Leases of a release that this one cannot read: their owners count as working. */
const LATER = { v: 1_000 };

/** Has every partition look owned, for a gateway that runs without workers; the streams are there. */
export async function standInForWorkers(bus: Bus): Promise<void> {
  const keys = Array.from({ length: PARTITIONS }, (_, partition) => leaseKeys.partition(partition));
  await Promise.all(keys.map((key) => bus.acks.publish(keySubject(BUCKET_LEASES, key), toBytes(LATER))));
}

/** A real worker comes in their place; it would leave partitions of a later release alone. */
export const removeStandIns = (bus: Bus): Promise<void> =>
  bus.purge(bucketStream(BUCKET_LEASES), { filter: keySubject(BUCKET_LEASES, leaseKeys.partition("*")) });
