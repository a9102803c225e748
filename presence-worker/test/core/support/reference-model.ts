import type { Cause } from "@meeshy/shared/status";
import type { ActorEvent, Rules } from "../../../src/core/actor.ts";
import type { Effect } from "../../../src/core/effects.ts";
import type { Connection, UserRecord, ZombieCause } from "../../../src/core/record.ts";

/**
 * The rules of the lifecycle once more, event by event, as plain branches on a copy of the record.
 * It shares nothing with the machine but the types, so that both would have to be wrong alike.
 */
export function createReferenceModel(rules: Rules) {
  return (before: UserRecord, event: ActorEvent): { record: UserRecord; effects: Effect[] } => {
    const user = structuredClone(before);
    const now = Math.max(event.now, before.now);
    const { date } = event;
    const effects: Effect[] = [];
    const closing: Connection[] = [];
    let why: Cause = "idle";
    let sawGhost = false;

    /** Ends the connections of which this is so; gives them. */
    function end(isMeant: (connection: Connection) => boolean): Connection[] {
      const ended = user.connections.filter(isMeant);
      user.connections = user.connections.filter((connection) => !ended.includes(connection));
      return ended;
    }

    const isEmptyHanded = () => user.connections.length === 0;

    function readProfile() {
      if (!("profile" in event)) return;
      const known = event.profile;
      if (user.person === null) {
        if (known.lastActiveAt !== null) {
          const then = Math.min(known.lastActiveAt, date);
          if (user.lastActiveAt === null || user.lastActiveAt < then) user.lastActiveAt = then;
        }
        user.lastSeen = known.lastSeen !== null && known.lastSeen > date ? date : known.lastSeen;
        user.availability = known.availability;
        user.statusText = known.statusText;
        user.availabilityExpiresAt = known.availabilityExpiresAt;
      }
      const isNewcomer = user.person === null;
      const seen = event.type === "connected" ? (event.directoryVersion ?? 0) : -1;
      if (!isNewcomer && event.type !== "directory" && seen < user.directoryVersion) return;
      user.person = {
        username: known.username,
        isAnonymous: known.isAnonymous,
        conversationIds: [...known.conversationIds],
      };
    }

    function proveAlive(idleMs: number, cause: Cause) {
      const isWrong = user.lastActiveAt !== null && user.lastActiveAt > date;
      if (user.lastActiveAt === null || isWrong || date - idleMs > user.lastActiveAt)
        user.lastActiveAt = date - idleMs;
      const idle = date - user.lastActiveAt;
      const until = now - idle + rules.offlineThresholdMs;
      if (user.state !== "online" || idle === 0 || user.deadline === null || user.deadline < until)
        user.deadline = until;
      user.zombieCause = null;
      user.state = "online";
      why = cause;
    }

    function leave(cause: Cause) {
      user.state = "offline";
      user.deadline = null;
      user.zombieCause = null;
      user.lastSeen = date;
      why = cause;
    }

    function doubt(cause: ZombieCause) {
      if (rules.graceMs === 0) return leave(cause);
      user.state = "zombie";
      user.zombieCause = cause;
      user.deadline = now + rules.graceMs;
      why = cause;
    }

    function loseLastConnection(cause: ZombieCause) {
      if (user.state === "online") doubt(cause);
      else if (user.state === "zombie") {
        if (rules.graceMs === 0) leave(user.zombieCause!);
        else if (user.deadline! > now + rules.graceMs) user.deadline = now + rules.graceMs;
      }
    }

    function passTime() {
      if (user.availabilityExpiresAt !== null && user.availabilityExpiresAt <= date) {
        user.availability = "available";
        user.statusText = null;
        user.availabilityExpiresAt = null;
      }
      if (user.deadline === null || user.deadline > now) return;
      if (user.state === "online") doubt("idle");
      else if (user.state === "zombie") leave(user.zombieCause!);
    }

    if (event.type === "connected") {
      const open = user.connections.find(({ id }) => id === event.connectionId);
      if (open) {
        open.gatewayId = event.gatewayId;
      } else if (event.again && rules.multiDevice === "replace" && !isEmptyHanded()) {
        effects.push({
          type: "closeConnections",
          reason: "replaced",
          byGateway: { [event.gatewayId]: [event.connectionId] },
        });
      } else {
        readProfile();
        if (rules.multiDevice === "replace") closing.push(...end(() => true));
        const { connectionId: id, gatewayId, device } = event;
        user.connections = [...user.connections, { id, gatewayId, device, since: date }];
        const { lastActiveAt } = user;
        const isOfLate =
          lastActiveAt !== null && lastActiveAt <= date && date - lastActiveAt < rules.offlineThresholdMs;
        if (event.idleMs < rules.offlineThresholdMs || isOfLate) proveAlive(event.idleMs, "connect");
      }
    } else if (event.type === "disconnected") {
      if (end(({ id }) => id === event.connectionId).length > 0) {
        if (isEmptyHanded() && user.state !== "offline") {
          if (event.reason === "client namespace disconnect") leave("disconnect");
          else if (event.reason === "admin") leave("admin");
          else loseLastConnection("connection-lost");
        }
      }
    } else if (event.type === "gateway-lost") {
      const lost = end(({ gatewayId }) => gatewayId === event.gatewayId).length;
      const hadGrace = (event.silentMs ?? 0) >= rules.graceMs;
      if (lost > 0 && isEmptyHanded() && hadGrace && user.state !== "offline")
        leave(user.zombieCause ?? "gateway-lost");
      else if (lost > 0 && isEmptyHanded()) loseLastConnection("gateway-lost");
    } else if (event.type === "activity") {
      if (isEmptyHanded()) user.lastActiveAt = date;
      else proveAlive(0, "activity");
    } else if (event.type === "timeout") {
      passTime();
    } else if (event.type === "look") {
      if (user.state !== "offline") passTime();
      else if (user.shown !== null) effects.push({ type: "persist" });
      else {
        readProfile();
        user.lastSeen = date;
        sawGhost = true;
      }
    } else if (event.type === "disconnect-all") {
      closing.push(...end(() => true));
      if (user.state !== "offline") leave("admin");
    } else if (event.type === "directory") {
      readProfile();
      user.directoryVersion = Math.max(event.seq, user.directoryVersion + 1);
    } else if (event.type === "deleted") {
      closing.push(...end(() => true));
      const isAnonymous = user.person?.isAnonymous ?? false;
      if (user.state !== "offline") leave("admin");
      user.person = { username: null, isAnonymous, conversationIds: [] };
      user.directoryVersion = Math.max(event.seq, user.directoryVersion + 1);
      user.lastActiveAt =
        user.lastSeen =
        user.availabilityExpiresAt =
        user.statusText =
        user.renewedAt =
          null;
      user.availability = "available";
    } else {
      readProfile();
      user.availability = event.availability;
      user.statusText = event.statusText;
      user.availabilityExpiresAt = event.expiresAt;
      if (event.availability === "invisible" && before.shown?.isOnline) user.lastSeen = date;
    }

    if (!sawGhost && JSON.stringify(user) === JSON.stringify(before)) return { record: before, effects };
    user.seq = event.seq;
    user.now = now;

    const isVisible = user.availability !== "invisible";
    const isOnline = isVisible && user.state !== "offline";
    const wasOnline = before.shown?.isOnline === true;
    let publicCause: Cause | null = null;
    if (sawGhost) publicCause = "idle";
    else if (isOnline && !wasOnline) publicCause = event.type === "activity" ? "activity" : "connect";
    else if (wasOnline && !isOnline) publicCause = user.state === "offline" ? why : "disconnect";
    else if (isVisible) {
      const source = before.person === null && "profile" in event ? event.profile : before;
      const told = before.shown ?? {
        availability: source.availability === "invisible" ? "available" : source.availability,
        statusText: source.availability === "invisible" ? null : source.statusText,
      };
      if (told.availability !== user.availability || told.statusText !== user.statusText)
        publicCause = "manual";
    }

    if (publicCause !== null) {
      user.shown = {
        isOnline,
        availability: user.availability === "invisible" ? "available" : user.availability,
        statusText: isVisible ? user.statusText : null,
        lastActiveAt: user.lastActiveAt,
        lastSeen: user.lastSeen,
        epoch: event.epoch,
        version: event.seq,
        cause: publicCause,
        at: date,
      };
    }
    if (publicCause !== null || user.directoryVersion !== before.directoryVersion)
      effects.push({ type: "status" });
    const isGone = event.type === "deleted";
    if (isGone) effects.push({ type: "erase" });
    if (!isGone && JSON.stringify(stored(before)) !== JSON.stringify(stored(user)))
      effects.push({ type: "persist" });
    if (!isGone && before.state !== user.state) {
      const connectionId = "connectionId" in event ? event.connectionId : null;
      const { seq: version, epoch } = event;
      effects.push({
        type: "transition",
        from: before.state,
        to: user.state,
        cause: why,
        version,
        epoch,
        at: date,
        connectionId,
      });
    }
    if (closing.length > 0) {
      const byGateway: Record<string, string[]> = {};
      for (const { id, gatewayId } of closing) byGateway[gatewayId] = [...(byGateway[gatewayId] ?? []), id];
      const reason = event.type === "connected" ? "replaced" : "admin";
      effects.push({ type: "closeConnections", reason, byGateway });
    }
    return { record: user, effects };
  };
}

function stored(user: UserRecord) {
  const availability = user.person === null ? null : user.availability;
  const own = [availability, user.statusText, user.availabilityExpiresAt];
  if (user.shown === null) {
    return [...own, false, 0, 0, user.lastSeen, user.availability === "invisible" ? null : user.lastActiveAt];
  }
  const { isOnline, epoch, version, lastSeen, lastActiveAt } = user.shown;
  return [
    ...own,
    isOnline,
    epoch,
    version,
    lastSeen,
    user.availability === "invisible" ? lastActiveAt : user.lastActiveAt,
  ];
}
