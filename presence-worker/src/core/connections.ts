import { assertEvent } from "xstate";
import type { ActorEvent, Rules } from "./actor.ts";
import type { Effect } from "./effects.ts";
import type { Connection, UserRecord } from "./record.ts";

type Connections = UserRecord["connections"];

/** Most open connections of one user: another one closes the oldest, and the record stays within the broker's limit. */
export const CONNECTIONS_MAX = 4_096;

export function isOpen(connections: Connections, id: string): boolean {
  return connections.some((connection) => connection.id === id);
}

/** The connections open after an event; the same array when it opens and closes none. */
export function connectionsAfter(connections: Connections, event: ActorEvent, rules: Rules): Connections {
  switch (event.type) {
    case "connected": {
      const { connectionId, gatewayId, device } = event;
      const known = connections.find(({ id }) => id === connectionId);
      if (known?.gatewayId === gatewayId) return connections;
      if (known) return connections.map((one) => (one === known ? { ...known, gatewayId } : one));
      const opened = { id: connectionId, gatewayId, device, since: event.date };
      // concat makes an array of the right length; a spread leaves room for more.
      if (rules.multiDevice === "replace") return [opened];
      const kept =
        connections.length < CONNECTIONS_MAX ? connections : connections.slice(1 - CONNECTIONS_MAX);
      return kept.concat(opened);
    }
    case "disconnected":
      return without(connections, ({ id }) => id === event.connectionId);
    case "gateway-lost":
      return without(connections, ({ gatewayId }) => gatewayId === event.gatewayId);
    case "disconnect-all":
    case "deleted":
      return without(connections, () => true);
    default:
      return connections;
  }
}

/** The order to close what an event made unwelcome; null when everyone who left, left by themselves. */
export function closeOrder(before: Connections, after: Connections, event: ActorEvent): Effect | null {
  if (before === after || (event.type !== "connected" && !isSendOff(event))) return null;
  const open = new Set(after.map(({ id }) => id));
  const unwelcome = before.filter(({ id }) => !open.has(id));
  if (unwelcome.length === 0) return null;
  const byGateway = Map.groupBy(unwelcome, ({ gatewayId }) => gatewayId);
  return {
    type: "closeConnections",
    reason: event.type === "connected" ? "replaced" : "admin",
    byGateway: Object.fromEntries([...byGateway].map(([id, left]) => [id, left.map((one) => one.id)])),
  };
}

const isSendOff = ({ type }: ActorEvent): boolean => type === "disconnect-all" || type === "deleted";

/** The order to close the connection that an event announces. */
export function turnAway(event: ActorEvent): Effect {
  assertEvent(event, "connected");
  const byGateway = { [event.gatewayId]: [event.connectionId] };
  return { type: "closeConnections", reason: "replaced", byGateway };
}

function without(connections: Connections, leaves: (connection: Connection) => boolean): Connections {
  return connections.some(leaves) ? connections.filter((connection) => !leaves(connection)) : connections;
}
