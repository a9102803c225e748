import { PresenceError } from "@meeshy/shared/codes";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { AVAILABILITIES } from "@meeshy/shared/status";
import { storedConnectionsSchema } from "@meeshy/shared/stored-connections";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";
import { z } from "zod";

/** The parts of a worker's record that gateways read. Times in ms. */
const recordSchema = z.object({
  state: z.enum(["online", "zombie", "offline"]).default("offline"),
  seq: z.number().default(0),
  connections: storedConnectionsSchema,
  deadline: z.number().nullable().default(null),
  availability: z.enum(AVAILABILITIES).default("available"),
  statusText: z.string().nullable().default(null),
  availabilityExpiresAt: z.number().nullable().default(null),
});
export type WorkerRecord = z.infer<typeof recordSchema>;

/**
 * The owner's record of a user, which may be half a second old; `undefined`: there is none, the user is
 * offline. Rejects with `unavailable` without NATS.
 */
export async function readRecord(bus: Bus, userId: string): Promise<WorkerRecord | undefined> {
  const key = keySubject(BUCKET_STATE, recordKey(userId));
  const last = await bus.lastValue(bucketStream(BUCKET_STATE), key).catch((cause: unknown) => {
    throw new PresenceError("unavailable", "The record cannot be read now.", { cause });
  });
  return !last || last.deleted ? undefined : recordSchema.parse(fromBytes(last.data));
}
