import { type CloseReasonName, isCleanClose } from "@meeshy/shared/close-reasons";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import { NO_TRACING, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import type { Connections, LoggedConnection } from "../connections/connections.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { createAnnouncements } from "./announcements.ts";
import { epochOn, onEpoch } from "./epoch.ts";
import { createEventPublisher, type EventCause } from "./event-publisher.ts";
import { beginLife, type GatewayLife } from "./gateway-life.ts";
import { createGoodbyes, type Goodbye } from "./goodbyes.ts";
import { createHold } from "./hold.ts";
import type { LiveGateways } from "./live-gateways.ts";

/** Everything this gateway writes into the log, under whichever life it has now. */
export interface EventLog {
  gatewayId(): string;
  /** Announces a connection; resolves when it is in the log, be it under a later life, or when it has closed. */
  connected(connection: LoggedConnection): Promise<void>;
  /** Announces an open connection once more, since its profile says more now. */
  announceAgain(connection: LoggedConnection): void;
  disconnected(
    connection: Pick<LoggedConnection, "userId" | "id" | "traceparent">,
    reason: CloseReasonName,
  ): void;
  /** `connectionId`: over a connection that was opened as passive; `traceparent`: the context of what the person did. */
  activity(
    userId: string,
    cause?: { connectionId?: string | undefined; traceparent?: string | undefined },
  ): void;
  /** An administrator's order, outside of any life; resolves with its log sequence. */
  disconnectAll(userId: string, traceparent?: string): Promise<number>;
  /** A partition does not accept what this life writes: begins a new one, unless it has ended already. */
  outOfStep(gatewayId: string): void;
  onLife(listener: (gatewayId: string) => void): void;
  isStarted(): boolean;
  /** events that this life has not written yet */
  backlog(): number;
  /** since when the oldest write waits for its acknowledgement, of this life or the one before; monotonic ms */
  waitingSince(): number | undefined;
  /** Waits for the backlog, at most `waitMs`; what is left then will be found lost with this life. */
  stop(waitMs: number): Promise<void>;
}

export interface EventLogDeps {
  bus: Bus;
  board: LeaseBoard;
  /** to which a page may move */
  gateways: Pick<LiveGateways, "hasOther">;
  /** Whether this gateway has loaded the statuses: its heartbeat says so. */
  isFollowing: () => boolean;
  connections: Connections;
  /** Brings the profiles of open connections up to date; never rejects. */
  refreshProfiles: () => Promise<void>;
  /** The connection is announced again once its stored profile is read anew. */
  readProfileAnew: (connection: LoggedConnection) => void;
  metrics: GatewayMetrics;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
}

const BACKLOG_LOOK_MS = 20;

/** `leaveHeldMs`: how long a clean leave of a person's last connection here waits for one elsewhere (ADR 0021). */
export function createEventLog(
  deps: EventLogDeps,
  { leaseMs, leaveHeldMs }: { leaseMs: number; leaveHeldMs: number },
): EventLog {
  const { bus, board, connections, metrics, logger } = deps;
  const { clock } = bus;
  const listeners: ((gatewayId: string) => void)[] = [];
  let stopped = false;
  const epochNow = () => epochOn(board);

  const begin = (): GatewayLife => {
    const begun = beginLife(bus, board, {
      leaseMs,
      count: () => ({ ...connections.count(), ...(deps.isFollowing() ? { outward: true } : {}) }),
      onLost: () => renewOnce(begun, "declared lost"),
      logger,
    });
    return begun;
  };

  const publish = createEventPublisher({ ...deps, tracer: deps.tracer ?? NO_TRACING }, () => life);

  const announcements = createAnnouncements(
    { ...deps, clock, publish, gatewayId: () => life.id, epochNow },
    { leaseMs },
  );

  /** Takes a new id and announces every open connection again. */
  const renew = (why: string): void => {
    if (stopped) return;
    const former = life;
    waitedBefore = waitingSince();
    life = begin();
    logger.warn({ why, former: former.id, gatewayId: life.id }, "announcing every connection under a new id");
    // The former key stays: a sweeper that finds it silent removes what the log still holds under that id.
    void former.end({ keepKey: true });
    for (const connection of connections.all()) announcements.again(connection);
    // After the announcements: a person who has come back since is not shown leaving in between.
    for (const goodbye of goodbyes.recent()) goodbyes.note(goodbye, say(goodbye));
    for (const listener of listeners) listener(life.id);
  };

  let renewing: GatewayLife | undefined;
  /**
   * Renews a life that is over. What connections have of stored choices is as old as they are, and workers may have
   * forgotten who is offline since: it is read anew first.
   */
  const renewOnce = (over: GatewayLife, why: string): void => {
    if (renewing === over) return;
    renewing = over;
    void deps.refreshProfiles().then(() => {
      if (life === over) renew(why);
    });
  };

  const goodbyes = createGoodbyes(clock);
  const held = createHold(clock, leaveHeldMs);
  const say = ({ userId, connectionId, reason }: Goodbye, cause?: EventCause): Promise<number> =>
    publish(userId, { type: "disconnected", connectionId, reason }, cause);

  let life = begin();
  /** what a former life waited for, until this one has written something */
  let waitedBefore: number | undefined;
  const waitingSince = (): number | undefined =>
    life.lastBeatAt() > 0 ? life.waitingSince() : (waitedBefore ?? life.waitingSince());

  // A new epoch holds none of the old ids, nor what was written under them: everything is written again, under a new one.
  const forgetEpochs = onEpoch(board, ({ isNew }) => {
    announcements.forgetRecentPositions();
    if (isNew) void deps.refreshProfiles().then(() => renew(`epoch ${epochNow()} begins`));
  });

  return {
    gatewayId: () => life.id,
    connected: announcements.first,
    announceAgain: announcements.again,
    disconnected({ userId, id: connectionId, traceparent }, reason) {
      const goodbye = { userId, connectionId, reason };
      // A trace of its own, hours after the handshake's maybe.
      const write = () => goodbyes.note(goodbye, say(goodbye, { links: [traceparent] }));
      const isLast = connections.of(userId).length === 0;
      if (isLast && isCleanClose(reason) && !stopped && deps.gateways.hasOther(life.id)) held.hold(write);
      else write();
    },
    activity(userId, { connectionId, traceparent } = {}) {
      const event = { type: "activity" as const, ...(connectionId === undefined ? {} : { connectionId }) };
      void publish(userId, event, traceparent === undefined ? undefined : { parent: traceparent });
    },
    async disconnectAll(userId, traceparent) {
      metrics.events.inc({ type: "disconnect-all" });
      const context = traceparent === undefined ? {} : { traceparent };
      const order = toBytes(versioned("logMessage", { event: { type: "disconnect-all" }, ...context }));
      return (await bus.acks.publish(eventSubject("admin", userId), order)).seq;
    },
    outOfStep(gatewayId) {
      if (gatewayId === life.id) renewOnce(life, "out of step");
    },
    onLife(listener) {
      listeners.push(listener);
      listener(life.id);
    },
    isStarted: () => life.lastBeatAt() > 0,
    backlog: () => life.backlog(),
    waitingSince,
    async stop(waitMs) {
      stopped = true;
      held.release();
      forgetEpochs();
      await backlogWritten(life, clock, waitMs);
      const isLeft = life.backlog() > 0;
      if (isLeft) logger.warn({ events: life.backlog() }, "stopping with events that are not in the log");
      await life.end({ keepKey: isLeft });
    },
  };
}

async function backlogWritten({ backlog }: GatewayLife, clock: Clock, waitMs: number): Promise<void> {
  const deadline = clock.now() + waitMs;
  while (backlog() > 0 && clock.now() < deadline) await clock.sleep(BACKLOG_LOOK_MS);
}
