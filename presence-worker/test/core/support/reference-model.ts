import { isDeepStrictEqual } from "node:util";
import type { Choice, Layers } from "@meeshy/shared/availability-layers";
import type { Cause } from "@meeshy/shared/status";
import type { ActorEvent, Rules } from "../../../src/core/actor.ts";
import type { Effect } from "../../../src/core/effects.ts";
import type { Connection, Session, Shown, UserRecord, ZombieCause } from "../../../src/core/record.ts";

const NOTHING = { availability: "available", statusText: null } as const;

type Chosen = Pick<UserRecord, "availability" | "statusText" | "availabilityExpiresAt" | "layers">;

function readLayers({ availability, statusText, availabilityExpiresAt: expiresAt, layers }: Chosen): Layers {
  const choice = { availability, statusText };
  return (
    layers ??
    (expiresAt === null
      ? { standing: choice, timed: null, services: [] }
      : { standing: NOTHING, timed: { ...choice, expiresAt }, services: [] })
  );
}

const layersWith = ({ services }: Layers, { availability, statusText, availabilityExpiresAt }: Chosen) => ({
  ...readLayers({ availability, statusText, availabilityExpiresAt }),
  services,
});

/** The written precedence, from the top: invisible, timed, standing that says something, then the services. */
function choiceOf(user: Chosen): Choice & { expiresAt: number | null; seq?: number } {
  const { standing, timed, services } = readLayers(user);
  const lasting = { ...standing, expiresAt: null };
  if (standing.availability === "invisible") return lasting;
  if (timed !== null) return timed;
  if (standing.availability !== "available" || standing.statusText !== null) return lasting;
  const newestFirst = services.toSorted((a, b) => b.seq - a.seq);
  for (const availability of ["invisible", "dnd", "busy", "available"])
    for (const claim of newestFirst) if (claim.availability === availability) return claim;
  return lasting;
}

type Look = Pick<Shown, "availability" | "statusText" | "expiresAt" | "claim">;

/** What is shown with a choice; nothing with one that hides. */
const lookOf = (choice: Choice & { expiresAt: number | null; seq?: number }): Look =>
  choice.availability === "invisible"
    ? NOTHING
    : {
        availability: choice.availability,
        statusText: choice.statusText,
        ...(choice.expiresAt === null ? {} : { expiresAt: choice.expiresAt }),
        ...(choice.seq === undefined ? {} : { claim: choice.seq }),
      };

function unhidden(user: Chosen): Layers {
  const { standing, timed, services } = readLayers(user);
  return {
    standing: standing.availability === "invisible" ? NOTHING : standing,
    timed: timed?.availability === "invisible" ? null : timed,
    services: services.filter(({ availability }) => availability !== "invisible"),
  };
}

/**
 * The rules of the lifecycle once more, event by event, as plain branches on a copy of the record.
 * It shares nothing with the machine but the types, so that both would have to be wrong alike.
 */
export function createReferenceModel(rules: Rules) {
  return (before: UserRecord, event: ActorEvent): { record: UserRecord; effects: Effect[] } => {
    const user = structuredClone(before);
    const now = Math.max(event.now, before.now);
    const { date } = event;
    const waited = Math.floor(event.waitedMs ?? 0);
    let leftAt = date;
    const effects: Effect[] = [];
    const closing: Connection[] = [];
    let why: Cause = "idle";
    let sawGhost = false;

    function isOrderedClosed(): boolean {
      if (event.type !== "connected" || !event.firstLogged || !user.closedUpTo) return false;
      const { epoch, seq } = event.firstLogged;
      if (epoch > user.closedUpTo.epoch) return false;
      return epoch < user.closedUpTo.epoch || seq < user.closedUpTo.seq;
    }

    /** Ends the connections of which this is so; gives them. */
    function end(isMeant: (connection: Connection) => boolean): Connection[] {
      const ended = user.connections.filter(isMeant);
      user.connections = user.connections.filter((connection) => !ended.includes(connection));
      return ended;
    }

    /** When the socket or the session ended; what is in the record since then is not contradicted. */
    function noteDeparture() {
      const quiet = now - before.now;
      leftAt = date - Math.min(waited, quiet);
    }

    const hasNoSocket = () => user.connections.every(({ passive }) => passive);
    const isEmptyHanded = () => hasNoSocket() && (user.sessions ?? []).length === 0;
    const presentCount = () => user.connections.filter(({ passive }) => !passive).length;

    const isAwaited = () => user.returning !== undefined && user.returning.until > now;

    /** A gateway's end has taken away so many connections, the clients of which have not come back. */
    function awaitReturns(count: number) {
      if (count > 0) user.returning = { count: (user.returning?.count ?? 0) + count, until: now + 60_000 };
    }

    function noteReturn() {
      if (!user.returning) return;
      if (user.returning.count === 1) delete user.returning;
      else user.returning.count -= 1;
    }

    /** For how long the person has done nothing, as far as anyone knows. */
    function silence(): number {
      if (before.state === "online" && before.activeAt === undefined)
        return Math.max(0, now - (before.deadline! - rules.offlineThresholdMs));
      if (user.activeAt !== undefined) return Math.max(0, now - user.activeAt);
      const isKnown = user.lastActiveAt !== null && user.lastActiveAt <= date;
      return isKnown ? date - user.lastActiveAt! : Number.POSITIVE_INFINITY;
    }

    /** While the person is online the deadline says when they were active. */
    function keepActiveAt() {
      if (before.state === "online" && before.activeAt === undefined)
        user.activeAt = before.deadline! - rules.offlineThresholdMs;
    }

    function readProfile() {
      if (!("profile" in event)) return;
      const known = event.profile;
      if (user.person === null || user.stored === "unknown") {
        if (known.lastActiveAt !== null) {
          const then = Math.min(known.lastActiveAt, date);
          if (user.lastActiveAt === null || user.lastActiveAt < then) user.lastActiveAt = then;
        }
        user.lastSeen = known.lastSeen !== null && known.lastSeen > date ? date : known.lastSeen;
        const { availability, statusText, availabilityExpiresAt: expiresAt } = known;
        const choice = { availability, statusText };
        if (expiresAt === null) writeLayers({ ...readLayers(user), standing: choice, timed: null });
        else writeLayers({ ...readLayers(user), standing: NOTHING, timed: { ...choice, expiresAt } });
        user.stored = "known";
      }
      const isNewcomer = user.person === null;
      const seen = event.type === "connected" ? (event.directoryVersion ?? 0) : -1;
      if (!isNewcomer && event.type !== "directory" && seen < user.directoryVersion) return;
      user.person = {
        username: known.username,
        displayName: known.displayName ?? null,
        isAnonymous: known.isAnonymous,
        conversationIds: [...known.conversationIds],
      };
    }

    /** The person's own strongest choice goes to the old three fields, and everything beside them if they say too little. */
    function writeLayers({ standing, timed, services }: Layers) {
      const own = timed && standing.availability !== "invisible" ? timed : { ...standing, expiresAt: null };
      user.availability = own.availability;
      user.statusText = own.statusText;
      user.availabilityExpiresAt = own.expiresAt;
      const isMore =
        services.length > 0 || (timed !== null && (own !== timed || !isDeepStrictEqual(standing, NOTHING)));
      if (isMore) user.layers = { standing, timed, services };
      else delete user.layers;
    }

    /** What has ended is not there any more, whether that was noticed or not. */
    function choose(change: (layers: Layers) => Layers = (layers) => layers) {
      const { standing, timed, services } = readLayers(user);
      const lasting = {
        standing,
        timed: timed && !isOver(timed.expiresAt) ? timed : null,
        services: services.filter(({ expiresAt }) => !isOver(expiresAt)),
      };
      writeLayers(change(lasting));
      if (choiceOf(user).availability === "invisible" && before.shown?.isOnline) user.lastSeen = date;
    }

    const isOver = (end: number | null) => end !== null && end <= date;

    function proveAlive(idleMs: number, cause: Cause, isByItself = false) {
      const idle = Math.min(silence(), idleMs);
      const isWrong = user.lastActiveAt === null || user.lastActiveAt > date;
      const active = date - (isByItself ? idle : idleMs);
      if (isWrong || (!isByItself && active > user.lastActiveAt!)) user.lastActiveAt = active;
      liveFrom(now - idle);
      user.zombieCause = null;
      user.state = "online";
      why = cause;
    }

    /** Idle after the threshold; but for as long as a session that keeps them online lives, not at all. */
    function liveFrom(activeAt: number) {
      const kept = (user.sessions ?? []).filter(({ keepOnline }) => keepOnline).map(({ until }) => until);
      user.deadline = Math.max(activeAt + rules.offlineThresholdMs, ...kept);
      if (kept.length > 0) user.activeAt = activeAt;
      else delete user.activeAt;
    }

    function keepSessions(isKept: (session: Session) => boolean) {
      const kept = (user.sessions ?? []).filter(isKept);
      if (kept.length === 0) delete user.sessions;
      else user.sessions = kept;
    }

    function leave(cause: Cause) {
      keepActiveAt();
      user.state = "offline";
      user.deadline = null;
      user.zombieCause = null;
      user.lastSeen = leftAt;
      why = cause;
    }

    function doubt(cause: ZombieCause) {
      if (rules.graceMs === 0) return leave(cause);
      keepActiveAt();
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
      const { timed, services } = readLayers(user);
      if (isOver(timed?.expiresAt ?? null) || services.some(({ expiresAt }) => isOver(expiresAt))) {
        choose();
      }
      if (user.closedUpTo && user.closedUpTo.until <= now) delete user.closedUpTo;
      if (user.returning && user.returning.until <= now) delete user.returning;
      const hadSessions = user.sessions !== undefined;
      keepSessions(({ until }) => until > now);
      if (hadSessions && isEmptyHanded() && user.state === "online") return leave("connection-lost");
      if (user.deadline === null || user.deadline > now) return;
      if (user.state === "online") doubt("idle");
      else if (user.state === "zombie") leave(user.zombieCause!);
    }

    if (event.type === "connected") {
      const open = user.connections.find(({ id }) => id === event.connectionId);
      if (open) {
        open.gatewayId = event.gatewayId;
      } else if (isOrderedClosed()) {
        effects.push({
          type: "closeConnections",
          reason: "admin",
          byGateway: { [event.gatewayId]: [event.connectionId] },
        });
      } else if (event.passive) {
        readProfile();
        const { connectionId: id, gatewayId, device } = event;
        user.connections = [
          ...user.connections,
          { id, gatewayId, device, since: date - waited, passive: true },
        ];
      } else if (event.again && rules.multiDevice === "replace" && !hasNoSocket()) {
        effects.push({
          type: "closeConnections",
          reason: "replaced",
          byGateway: { [event.gatewayId]: [event.connectionId] },
        });
      } else {
        readProfile();
        if (rules.multiDevice === "replace") closing.push(...end(() => true));
        const { connectionId: id, gatewayId, device } = event;
        user.connections = [...user.connections, { id, gatewayId, device, since: date - waited }];
        const isReplacement = isAwaited() && event.resumed !== false;
        const isReturn = isReplacement && !event.again;
        const idleMs = isReturn ? Number.POSITIVE_INFINITY : event.idleMs;
        if (Math.min(idleMs, silence()) < rules.offlineThresholdMs)
          proveAlive(idleMs, "connect", isReturn || event.resumed === true);
        if (isReplacement) noteReturn();
      }
    } else if (event.type === "disconnected") {
      const open = presentCount();
      noteDeparture();
      if (end(({ id }) => id === event.connectionId).length > 0) {
        if (event.reason === "server shutting down") awaitReturns(open - presentCount());
        if (open > 0 && isEmptyHanded() && user.state !== "offline") {
          if (event.reason === "client namespace disconnect") leave("disconnect");
          else if (event.reason === "admin") leave("admin");
          else loseLastConnection("connection-lost");
        }
      }
    } else if (event.type === "gateway-lost") {
      const open = presentCount();
      end(({ gatewayId }) => gatewayId === event.gatewayId);
      const lost = open - presentCount();
      const hadGrace = (event.silentMs ?? 0) >= rules.graceMs;
      if (lost > 0 && isEmptyHanded() && hadGrace && user.state !== "offline")
        leave(user.zombieCause ?? "gateway-lost");
      else if (lost > 0 && isEmptyHanded()) loseLastConnection("gateway-lost");
      awaitReturns(open - 2 * presentCount());
    } else if (event.type === "activity") {
      const idleMs = event.idleMs ?? 0;
      const isLate = idleMs >= rules.offlineThresholdMs;
      const over = user.connections.find(({ id, passive }) => passive && id === event.connectionId);
      if (over && !isLate) {
        delete over.passive;
        if (rules.multiDevice === "replace") closing.push(...end((one) => one !== over));
      }
      const isAhead = user.lastActiveAt !== null && user.lastActiveAt > date;
      const last =
        user.lastActiveAt === null || isAhead ? date - idleMs : Math.max(user.lastActiveAt, date - idleMs);
      if (isEmptyHanded() || isLate) {
        if (user.state !== "online") user.activeAt = now - Math.min(idleMs, silence());
        user.lastActiveAt = last;
      } else proveAlive(idleMs, "activity");
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
      delete user.sessions;
      if (user.state !== "offline") leave("admin");
      user.closedUpTo = { epoch: event.epoch, seq: event.seq, until: now + 86_400_000 };
    } else if (event.type === "directory") {
      readProfile();
      user.directoryVersion = Math.max(event.seq, user.directoryVersion + 1);
    } else if (event.type === "deleted") {
      closing.push(...end(() => true));
      const isAnonymous = user.person?.isAnonymous ?? false;
      if (user.state !== "offline") leave("admin");
      user.person = { username: null, displayName: null, isAnonymous, conversationIds: [] };
      user.directoryVersion = Math.max(event.seq, user.directoryVersion + 1);
      user.lastActiveAt =
        user.lastSeen =
        user.availabilityExpiresAt =
        user.statusText =
        user.renewedAt =
          null;
      user.availability = "available";
      delete user.layers;
      user.stored = "unknown";
      delete user.activeAt;
      delete user.sessions;
      delete user.returning;
      user.closedUpTo = { epoch: event.epoch, seq: event.seq, until: now + 86_400_000 };
    } else if (event.type === "session") {
      const { sessionId, ttlS, device, keepOnline } = event;
      const known = user.sessions?.find(({ id }) => id === sessionId);
      readProfile();
      noteDeparture();
      if (ttlS === 0) {
        keepSessions((session) => session !== known);
        if (known && isEmptyHanded() && user.state !== "offline") leave("disconnect");
        else if (known && user.state === "online") liveFrom(now - silence());
      } else {
        const session = {
          ...{ id: sessionId, device, since: known?.since ?? date - waited },
          ...{ until: now + ttlS * 1_000, keepOnline },
        };
        const others = user.sessions ?? [];
        user.sessions = known
          ? others.map((one) => (one === known ? session : one))
          : [...others.slice(-15), session];
        if (!known || (keepOnline && user.state !== "online")) proveAlive(0, "connect");
        else if (user.state === "online") liveFrom(now - silence());
      }
    } else if (event.type === "timed-end") {
      readProfile();
      choose((layers) => ({ ...layers, timed: null }));
    } else if (event.type === "availability" || event.type === "claim") {
      readProfile();
      const { statusText, expiresAt } = event;
      const isLate = isOver(expiresAt);
      if (event.type === "claim") {
        const { source, availability, seq } = event;
        choose((layers) => {
          const others = layers.services.filter((claim) => claim.source !== source);
          if (availability === null || isLate) return { ...layers, services: others };
          if (others.length === 8) return layers;
          return {
            ...layers,
            services: [...others, { source, availability, statusText, expiresAt, seq }],
          };
        });
      } else {
        const choice = { availability: event.availability, statusText };
        choose((layers) => {
          if (expiresAt === null) return { ...layers, standing: choice };
          return { ...layers, timed: isLate ? null : { ...choice, expiresAt } };
        });
        if (!isLate) user.stored = "known";
      }
    }

    // What happens unseen has no date.
    if (
      choiceOf(before).availability === "invisible" &&
      !before.shown?.isOnline &&
      event.type !== "deleted"
    ) {
      if (!sawGhost) user.lastSeen = before.lastSeen;
      const isBack = choiceOf(user).availability !== "invisible" && user.stored !== "unknown";
      if (isBack && user.state !== "offline") user.lastActiveAt = date;
      else if (isBack) user.lastActiveAt = before.shown === null ? null : before.shown.lastActiveAt;
    }

    const isNew = before.person === null || before.stored === "unknown";
    const profiled = isNew && "profile" in event ? { ...before, ...event.profile } : before;
    // What services said before is known already, whatever the profile brings.
    const assumed = choiceOf({ ...profiled, layers: before.layers && layersWith(before.layers, profiled) });
    const last: Look = before.shown ?? lookOf(assumed);

    const isTimeLooked = event.type === "timeout" || (event.type === "look" && before.state !== "offline");
    const isUnseen = choiceOf(user).availability === "invisible" || user.stored === "unknown";
    const isLookOver = isTimeLooked && isUnseen && isOver(last.expiresAt ?? null);
    if (!sawGhost && !isLookOver && JSON.stringify(user) === JSON.stringify(before))
      return { record: before, effects };
    user.seq = event.seq;
    user.now = now;

    const choice = choiceOf(user);
    const isVisible = !isUnseen;
    const isOnline = isVisible && user.state !== "offline";
    const wasOnline = before.shown?.isOnline === true;
    let publicCause: Cause | null = null;
    if (sawGhost) publicCause = "idle";
    else if (isOnline && !wasOnline) publicCause = event.type === "activity" ? "activity" : "connect";
    else if (wasOnline && !isOnline) publicCause = user.state === "offline" ? why : "disconnect";

    const isGone = event.type === "deleted";
    let look = lookOf(choice);
    if (!isVisible && !isGone) {
      // Who hides keeps their own look until it ends; what services say goes on.
      const isOwn =
        last.claim === undefined && (last.availability !== "available" || last.statusText !== null);
      const saidByServices = { ...user, layers: { ...unhidden(user), standing: NOTHING, timed: null } };
      look = lookOf(choiceOf(isOwn ? { ...user, layers: unhidden(user) } : saidByServices));
      if (user.stored === "unknown" || (isOwn && !isLookOver)) look = last;
    }
    const isOtherLook =
      last.availability !== look.availability ||
      last.statusText !== look.statusText ||
      last.expiresAt !== look.expiresAt;
    const isFirstShown =
      !isVisible && before.shown === null && (look.availability !== "available" || look.statusText !== null);
    if (isOtherLook || (isFirstShown && !isGone)) publicCause ??= "manual";
    if (event.type === "deleted" && (before.shown?.lastSeen ?? before.shown?.lastActiveAt ?? null) !== null)
      publicCause ??= "manual";

    const wasHidden = choiceOf(before).availability === "invisible" && before.shown?.isOnline === false;
    const isStillHidden = wasHidden && !isVisible;
    if (publicCause !== null) {
      user.shown = {
        isOnline,
        availability: look.availability,
        statusText: look.statusText,
        ...(look.expiresAt === undefined ? {} : { expiresAt: look.expiresAt }),
        ...(look.claim === undefined ? {} : { claim: look.claim }),
        lastActiveAt: isStillHidden ? before.shown!.lastActiveAt : user.lastActiveAt,
        lastSeen: isStillHidden ? before.shown!.lastSeen : user.lastSeen,
        epoch: event.epoch,
        version: event.seq,
        cause: isFirstShown && !isGone && !isOtherLook ? "disconnect" : publicCause,
        at: isFirstShown && !isGone && !isOtherLook ? user.lastSeen : date,
      };
    }
    if (publicCause !== null || user.directoryVersion !== before.directoryVersion)
      effects.push({ type: "status" });
    if (isGone) effects.push({ type: "erase" });
    if (!isGone && JSON.stringify(stored(before)) !== JSON.stringify(stored(user)))
      effects.push({ type: "persist" });
    if (!isGone && before.state !== user.state) {
      const connectionId = "connectionId" in event ? (event.connectionId ?? null) : null;
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
      const isReplaced = event.type === "connected" || event.type === "activity";
      const reason = isReplaced ? "replaced" : "admin";
      effects.push({ type: "closeConnections", reason, byGateway });
    }
    const own = ({
      sessions,
      connections,
      shown,
      layers,
      availability,
      statusText,
      availabilityExpiresAt,
    }: UserRecord) => ({
      ...{ sessions, connections, shown, layers, availability, statusText, availabilityExpiresAt },
    });
    if (user.connections.length > 0 && !isDeepStrictEqual(own(before), own(user)))
      effects.push({ type: "self" });
    return { record: user, effects };
  };
}

function stored(user: UserRecord) {
  const isUnknown = user.stored === "unknown";
  const isHidden = isUnknown || choiceOf(user).availability === "invisible";
  const availability = user.person === null || isUnknown ? null : user.availability;
  const own = [availability, user.statusText, user.availabilityExpiresAt];
  if (user.shown === null) {
    const lastSeen = isUnknown ? null : user.lastSeen;
    return [...own, false, 0, 0, lastSeen, isHidden ? null : user.lastActiveAt];
  }
  const { isOnline, epoch, version, lastSeen, lastActiveAt } = user.shown;
  return [...own, isOnline, epoch, version, lastSeen, isHidden ? lastActiveAt : user.lastActiveAt];
}
