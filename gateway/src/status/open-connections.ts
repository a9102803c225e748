import { toIso } from "@meeshy/shared/iso-time";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { RecordView } from "@meeshy/shared/record-view";
import { z } from "zod";
import type { Connections } from "../connections/connections.ts";
import type { EventLog } from "../log/event-log.ts";
import { readRecord } from "./worker-record.ts";

export const openConnectionSchema = z.object({
  connectionId: z.string(),
  gatewayId: z.string(),
  device: z.string().nullable(),
  since: z.iso.datetime(),
});
/** The same for operators. */
export const listedConnectionSchema = openConnectionSchema.extend({
  passive: z.boolean().describe("it has shown no sign of life yet, and keeps no one online"),
});
/** In place of a gateway's id: the connection is a session that a service keeps. */
const SERVICE = "service";
type OpenConnection = z.infer<typeof listedConnectionSchema>;

export interface ConnectionSources {
  bus: Bus;
  connections: Connections;
  log: EventLog;
}

/**
 * A user's open connections on every gateway: this gateway holds its own, the owner's record, which may be
 * half a second old, those of the others. Rejects with `unavailable` without NATS.
 */
export async function readConnections(sources: ConnectionSources, userId: string): Promise<OpenConnection[]> {
  return mergeConnections(sources, userId, await readRecord(sources.bus, userId));
}

/** As {@link readConnections}, with the owner's record at hand. */
export function mergeConnections(
  sources: ConnectionSources,
  userId: string,
  record: RecordView | undefined,
): OpenConnection[] {
  const gatewayId = sources.log.gatewayId();
  const recorded = record?.connections ?? [];
  const own = sources.connections.of(userId);
  const ownIds = new Set(own.map(({ id }) => id));
  return [
    ...own.map(({ id, device, since, isPassive: passive }) =>
      toOpen({ id, gatewayId, device, since, passive }),
    ),
    ...recorded
      .filter((connection) => connection.gatewayId !== gatewayId && !ownIds.has(connection.id))
      .map(toOpen),
    ...(record?.sessions ?? []).map((session) => toOpen({ ...session, gatewayId: SERVICE })),
  ];
}

const toOpen = ({
  id,
  gatewayId,
  device,
  since,
  passive = false,
}: RecordView["connections"][number]): OpenConnection => ({
  connectionId: id,
  gatewayId,
  device,
  since: toIso(since),
  passive,
});
