import { assertEvent } from "xstate";
import type { ActorEvent, Rules } from "./actor.ts";
import type { Effect } from "./effects.ts";
import type { Connection, UserRecord } from "./record.ts";

/** A user's open connections, by connection id. */
type Connections = UserRecord["connections"];

export function isEmpty(connections: Connections): boolean {
  for (const _ in connections) return false;
  return true;
}

/** The connections open after an event; the same object when it opens and closes none. `at`: actor time, ms. */
export function connectionsAfter(
  connections: Connections,
  event: ActorEvent,
  at: number,
  rules: Rules,
): Connections {
  switch (event.type) {
    case "connected": {
      const { connectionId, gatewayId, device } = event;
      const known = Object.hasOwn(connections, connectionId) ? connections[connectionId] : undefined;
      if (known?.gatewayId === gatewayId) return connections;
      if (known) return { ...connections, [connectionId]: { ...known, gatewayId } };
      const opened = { gatewayId, device, since: at };
      return rules.multiDevice === "replace"
        ? { [connectionId]: opened }
        : { ...connections, [connectionId]: opened };
    }
    case "disconnected":
      return Object.hasOwn(connections, event.connectionId)
        ? keep(connections, (id) => id !== event.connectionId)
        : connections;
    case "gateway-lost": {
      const isLost = (connection: Connection) => connection.gatewayId === event.gatewayId;
      return Object.values(connections).some(isLost)
        ? keep(connections, (_, connection) => !isLost(connection))
        : connections;
    }
    case "disconnect-all":
    case "deleted":
      return isEmpty(connections) ? connections : {};
    default:
      return connections;
  }
}

/** The order to close what an event made unwelcome; null when everyone who left, left by themselves. */
export function closeOrder(before: Connections, after: Connections, event: ActorEvent): Effect | null {
  if (before === after || (event.type !== "connected" && !isSendOff(event))) return null;
  const unwelcome = Object.keys(before).filter((id) => !Object.hasOwn(after, id));
  if (unwelcome.length === 0) return null;
  return {
    type: "closeConnections",
    reason: event.type === "connected" ? "replaced" : "admin",
    byGateway: Object.fromEntries(Map.groupBy(unwelcome, (id) => before[id]!.gatewayId)),
  };
}

const isSendOff = ({ type }: ActorEvent): boolean => type === "disconnect-all" || type === "deleted";

/** The order to close the connection that an event announces. */
export function turnAway(event: ActorEvent): Effect {
  assertEvent(event, "connected");
  const byGateway = { [event.gatewayId]: [event.connectionId] };
  return { type: "closeConnections", reason: "replaced", byGateway };
}

function keep(connections: Connections, stays: (id: string, connection: Connection) => boolean): Connections {
  return Object.fromEntries(Object.entries(connections).filter(([id, connection]) => stays(id, connection)));
}
