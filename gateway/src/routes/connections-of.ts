import { PresenceError } from "@meeshy/shared/codes";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { fromBytes, readLast } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";
import { z } from "zod";
import type { EventLog } from "../log/event-log.ts";
import type { Connections } from "../sockets/connections.ts";

export interface OpenConnection {
  connectionId: string;
  gatewayId: string;
  device: string | null;
  since: string;
}

/** The part of a worker's record that is read here. Times in ms. */
const recordSchema = z.object({
  connections: z.record(
    z.string(),
    z.object({ gatewayId: z.string(), device: z.string().nullable(), since: z.number() }),
  ),
});

export interface ConnectionSources {
  link: NatsLink;
  connections: Connections;
  log: EventLog;
}

/**
 * A user's open connections on every gateway: this gateway knows its own, the owner's record, which may be
 * half a second old, those of the others. Rejects with `unavailable` without NATS.
 */
export async function readConnections(sources: ConnectionSources, userId: string): Promise<OpenConnection[]> {
  const gatewayId = sources.log.gatewayId();
  const recorded = await readRecord(sources.link, userId);
  const own = sources.connections.of(userId);
  const ownIds = new Set(own.map(({ id }) => id));
  return [
    ...own.map(({ id, device, since }) => toOpen(id, { gatewayId, device, since })),
    ...Object.entries(recorded)
      .filter(([id, connection]) => connection.gatewayId !== gatewayId && !ownIds.has(id))
      .map(([id, connection]) => toOpen(id, connection)),
  ];
}

async function readRecord(link: NatsLink, userId: string) {
  const key = keySubject(BUCKET_STATE, recordKey(userId));
  const last = await readLast(link, bucketStream(BUCKET_STATE), key).catch((cause: unknown) => {
    throw new PresenceError("unavailable", "The record cannot be read now.", { cause });
  });
  return !last || last.deleted ? {} : recordSchema.parse(fromBytes(last.data)).connections;
}

const toOpen = (
  connectionId: string,
  { gatewayId, device, since }: { gatewayId: string; device: string | null; since: number },
): OpenConnection => ({ connectionId, gatewayId, device, since: new Date(since).toISOString() });
