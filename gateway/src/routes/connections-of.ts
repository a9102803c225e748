import type { Bus } from "@meeshy/shared/ports/bus";
import type { EventLog } from "../log/event-log.ts";
import { readRecord, type WorkerRecord } from "../people/worker-record.ts";
import type { Connections } from "../sockets/connections.ts";

export interface OpenConnection {
  connectionId: string;
  gatewayId: string;
  device: string | null;
  since: string;
}

export interface ConnectionSources {
  bus: Bus;
  connections: Connections;
  log: EventLog;
}

/**
 * A user's open connections on every gateway: this gateway knows its own, the owner's record, which may be
 * half a second old, those of the others. Rejects with `unavailable` without NATS.
 */
export async function readConnections(sources: ConnectionSources, userId: string): Promise<OpenConnection[]> {
  return mergeConnections(sources, userId, await readRecord(sources.bus, userId));
}

/** As {@link readConnections}, with the owner's record at hand. */
export function mergeConnections(
  sources: ConnectionSources,
  userId: string,
  record: WorkerRecord | undefined,
): OpenConnection[] {
  const gatewayId = sources.log.gatewayId();
  const recorded = record?.connections ?? [];
  const own = sources.connections.of(userId);
  const ownIds = new Set(own.map(({ id }) => id));
  return [
    ...own.map(({ id, device, since }) => toOpen({ id, gatewayId, device, since })),
    ...recorded
      .filter((connection) => connection.gatewayId !== gatewayId && !ownIds.has(connection.id))
      .map(toOpen),
  ];
}

const toOpen = ({ id, gatewayId, device, since }: WorkerRecord["connections"][number]): OpenConnection => ({
  connectionId: id,
  gatewayId,
  device,
  since: new Date(since).toISOString(),
});
