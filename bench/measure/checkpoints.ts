import type { NatsLink } from "@meeshy/shared/nats/connect";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";

/** The last log sequence of each partition. */
export type LogEnds = ReadonlyMap<number, number>;

/** Whether every partition's checkpoint covers the log up to its end. */
export async function isCheckpointed(link: NatsLink, ends: LogEnds): Promise<boolean> {
  for (const [partition, end] of ends) if ((await checkpointOf(link, partition)) < end) return false;
  return true;
}

async function checkpointOf(link: NatsLink, partition: number): Promise<number> {
  const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(partition));
  const lease = await link.lastValue(bucketStream(BUCKET_LEASES), subject);
  if (lease === undefined) return 0;
  return (fromBytes(lease.data) as { memory: { seq: number } | null }).memory?.seq ?? 0;
}
