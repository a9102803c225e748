import type { ActorEvent, Rules } from "../../presence-worker/src/core/actor.ts";
import type { Effect } from "../../presence-worker/src/core/effects.ts";
import type { UserRecord } from "../../presence-worker/src/core/record.ts";

/**
 * The everyday part of the lifecycle as a plain immutable reducer, without a state machine: what the worker's
 * step is measured against. Availability, epochs, lost gateways and sweeps are left out, so it has less to ask.
 */
export function createPlainReducer({ offlineThresholdMs, graceMs }: Rules) {
  return (record: UserRecord, event: ActorEvent): { record: UserRecord; effects: readonly Effect[] } => {
    const at = Math.max(record.now, event.now);
    switch (event.type) {
      case "connected": {
        const { connectionId, gatewayId, device, profile } = event;
        const { username, isAnonymous, conversationIds } = profile;
        const connections = record.connections.concat({ id: connectionId, gatewayId, device, since: at });
        const person = record.person ?? { username, isAnonymous, conversationIds };
        const deadline = at + offlineThresholdMs;
        return advance(
          record,
          event,
          { ...record, state: "online", person, connections, deadline, lastActiveAt: at },
          at,
        );
      }
      case "activity":
        return advance(
          record,
          event,
          { ...record, lastActiveAt: at, deadline: at + offlineThresholdMs, state: "online" },
          at,
        );
      case "disconnected": {
        const connections = record.connections.filter(({ id }) => id !== event.connectionId);
        if (connections.length === record.connections.length) return { record, effects: [] };
        if (connections.length > 0) return advance(record, event, { ...record, connections }, at);
        if (event.reason === "client namespace disconnect") {
          const left = { ...record, state: "offline" as const, connections, deadline: null, lastSeen: at };
          return advance(record, event, left, at);
        }
        return advance(
          record,
          event,
          { ...record, state: "zombie", connections, deadline: at + graceMs, zombieCause: "connection-lost" },
          at,
        );
      }
      default:
        return { record, effects: [] };
    }
  };
}

function advance(before: UserRecord, event: ActorEvent, after: UserRecord, at: number) {
  const effects: Effect[] = [];
  const isOnline = after.state !== "offline";
  let { shown } = after;
  if (shown?.isOnline !== isOnline) {
    const { availability, statusText, lastActiveAt, lastSeen } = after;
    const { epoch, seq: version } = event;
    const cause = isOnline ? "connect" : "disconnect";
    shown = {
      ...{ isOnline, statusText, lastActiveAt, lastSeen, epoch, version, cause, at },
      availability: availability === "invisible" ? "available" : availability,
    };
    effects.push({ type: "status" });
  }
  effects.push({ type: "persist" });
  if (before.state !== after.state) {
    effects.push({
      type: "transition",
      from: before.state,
      to: after.state,
      cause: isOnline ? "connect" : "disconnect",
      version: event.seq,
      epoch: event.epoch,
      at,
      connectionId: "connectionId" in event ? (event.connectionId ?? null) : null,
    });
  }
  return { record: { ...after, seq: event.seq, now: at, shown }, effects };
}
