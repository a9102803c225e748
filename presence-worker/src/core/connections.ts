import type { CloseCommand } from "@meeshy/shared/events";
import { assertEvent } from "xstate";
import { type ActorEvent, happenedAt, type Rules } from "./actor.ts";
import type { Effect } from "./effects.ts";
import type { Connection, UserRecord } from "./record.ts";

type Connections = UserRecord["connections"];

/** Most open connections of one user, whatever is allowed: the record stays within the broker's limit. */
export const CONNECTIONS_MAX = 4_096;

/** Whether a connection keeps its person online: it was opened by a person, or one has done something over it. */
export const isPresent = ({ passive }: Connection): boolean => passive !== true;

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
      const opened = { id: connectionId, gatewayId, device, since: happenedAt(event) };
      const isPassive = event.passive === true;
      if (rules.multiDevice === "replace" && !isPassive) return [opened];
      const most = Math.min(rules.connectionsMax ?? CONNECTIONS_MAX, CONNECTIONS_MAX);
      const left = Math.max(0, connections.length - most + 1);
      const kept = left === 0 ? connections : connections.slice(left);
      // concat makes an array of the right length; a spread leaves room for more.
      return kept.concat(isPassive ? { ...opened, passive: true } : opened);
    }
    case "activity": {
      if (event.connectionId === undefined) return connections;
      const shown = connections.find(({ id, passive }) => passive && id === event.connectionId);
      if (!shown) return connections;
      const { id, gatewayId, device, since } = shown;
      const present = { id, gatewayId, device, since };
      if (rules.multiDevice === "replace") return [present];
      return connections.map((one) => (one === shown ? present : one));
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

/** The order to close the connections that an event ended from here; null when all ended by themselves. */
export function closeOrder(before: Connections, after: Connections, event: ActorEvent): Effect | null {
  const replaces = event.type === "connected" || event.type === "activity";
  if (before === after || !(replaces || isSendOff(event))) return null;
  const open = new Set(after.map(({ id }) => id));
  const closed = before.filter(({ id }) => !open.has(id));
  if (closed.length === 0) return null;
  const byGateway = Map.groupBy(closed, ({ gatewayId }) => gatewayId);
  return {
    type: "closeConnections",
    reason: replaces ? "replaced" : "admin",
    byGateway: Object.fromEntries([...byGateway].map(([id, left]) => [id, left.map((one) => one.id)])),
  };
}

const isSendOff = ({ type }: ActorEvent): boolean => type === "disconnect-all" || type === "deleted";

/** The order to close the connection that an event announces. */
export function rejectConnection(event: ActorEvent, reason: CloseCommand["reason"]): Effect {
  assertEvent(event, "connected");
  const byGateway = { [event.gatewayId]: [event.connectionId] };
  return { type: "closeConnections", reason, byGateway };
}

/** Whether the log had the announced connection before an administrator's order to close every one. */
export function isClosedBefore({ closedUpTo }: UserRecord, event: ActorEvent): boolean {
  if (closedUpTo === undefined || event.type !== "connected" || event.firstLogged === undefined) return false;
  const { epoch, seq } = event.firstLogged;
  return epoch === closedUpTo.epoch ? seq < closedUpTo.seq : epoch < closedUpTo.epoch;
}

function without(connections: Connections, leaves: (connection: Connection) => boolean): Connections {
  return connections.some(leaves) ? connections.filter((connection) => !leaves(connection)) : connections;
}
