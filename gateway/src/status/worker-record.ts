import { PresenceError } from "@meeshy/shared/codes";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { type RecordView, recordViewSchema } from "@meeshy/shared/record-view";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";

/**
 * The owner's record of a user, which may be half a second old; `undefined`: there is none, the user is
 * offline. Rejects with `unavailable` without NATS.
 */
export async function readRecord(bus: Bus, userId: string): Promise<RecordView | undefined> {
  const key = keySubject(BUCKET_STATE, recordKey(userId));
  const last = await bus.lastValue(bucketStream(BUCKET_STATE), key).catch((cause: unknown) => {
    throw new PresenceError("unavailable", "The record is not available at the moment.", { cause });
  });
  return !last || last.deleted ? undefined : recordViewSchema.parse(fromBytes(last.data));
}
