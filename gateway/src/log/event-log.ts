import { epochSchema, type UserEvent } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { MessageTooLarge, PublisherClosed } from "@meeshy/shared/nats/publisher";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject, leaseKeys } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { toWritable } from "@meeshy/shared/writable-event";
import type { GatewayMetrics } from "../metrics.ts";
import type { Connection, Connections } from "../sockets/connections.ts";
import { beginLife, type GatewayLife } from "./gateway-life.ts";
import { createGoodbyes, type Goodbye } from "./goodbyes.ts";

/** Everything this gateway tells the log, under whichever life it has now. */
export interface EventLog {
  gatewayId(): string;
  /** Announces a connection; resolves when it is in the log, be it under a later life, or when it has closed. */
  connected(connection: Connection): Promise<void>;
  /** Announces an open connection once more, since its profile says more now. */
  announceAgain(connection: Connection): void;
  disconnected(connection: Connection, reason: string): void;
  activity(userId: string): void;
  /** An administrator's order, outside of any life; resolves with its log sequence. */
  disconnectAll(userId: string): Promise<number>;
  /** A partition does not accept what this life writes: begins a new one, unless it has ended already. */
  outOfStep(gatewayId: string): void;
  onLife(listener: (gatewayId: string) => void): void;
  isStarted(): boolean;
  /** Waits for the backlog, at most `waitMs`; what is left then will be found lost with this life. */
  stop(waitMs: number): Promise<void>;
}

export interface EventLogDeps {
  bus: Bus;
  board: LeaseBoard;
  connections: Connections;
  /** Brings the profiles of open connections up to date; never rejects. */
  refreshProfiles: () => Promise<void>;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** The epoch that the lease bucket names; 0: none. */
export const epochOn = (board: Pick<LeaseBoard, "get">): number =>
  epochSchema.safeParse(board.get(leaseKeys.epoch)?.value).data?.epoch ?? 0;

const FIRST_EPOCH = 1;
const REASON_MAX_LENGTH = 100;
const BACKLOG_LOOK_MS = 20;

export function createEventLog(deps: EventLogDeps, { leaseMs }: { leaseMs: number }): EventLog {
  const { bus, board, connections, metrics, logger } = deps;
  const { clock } = bus;
  const listeners: ((gatewayId: string) => void)[] = [];
  let stopped = false;

  const begin = (): GatewayLife => {
    const begun = beginLife(bus, board, {
      leaseMs,
      count: connections.count,
      onLost: () => {
        if (life === begun) renew("declared lost");
      },
      logger,
    });
    return begun;
  };

  const write = async (userId: string, event: UserEvent) => life.publish(userId, toWritable(event));

  const publish = (userId: string, event: UserEvent): Promise<number> => {
    metrics.events.inc({ type: event.type });
    const published = write(userId, event);
    published.catch((error) => {
      if (error instanceof MessageTooLarge) metrics.logRefused.inc({ reason: "oversize" });
      if (!(error instanceof PublisherClosed))
        logger.error({ err: error, type: event.type }, "event not written");
    });
    return published;
  };

  const idleOf = ({ lastActivityAt }: Connection) => Math.max(0, Math.round(clock.now() - lastActivityAt));

  const announce = (connection: Connection, idleMs: number): Promise<number> => {
    const announced = publish(connection.userId, {
      type: "connected",
      connectionId: connection.id,
      gatewayId: life.id,
      device: connection.device,
      idleMs,
      ...(connection.isWelcomed ? { again: true } : {}),
      profile: connection.profile,
      directoryVersion: connection.directoryVersion,
    });
    connection.announced = announced;
    const { id: gatewayId } = life;
    announced.then(
      (seq) => {
        if (seq > 0) connection.logged = { seq, gatewayId };
      },
      () => {},
    );
    return announced;
  };

  /** Takes a new id and announces every open connection again. */
  const renew = (why: string): void => {
    if (stopped) return;
    const former = life;
    life = begin();
    logger.warn({ why, former: former.id, gatewayId: life.id }, "announcing every connection under a new id");
    // The former key stays: whoever finds it silent removes what the log still holds under that id.
    void former.end({ keepKey: true });
    for (const connection of connections.all()) void announce(connection, idleOf(connection));
    // After the announcements: somebody who has come back since is not shown leaving in between.
    for (const goodbye of goodbyes.recent()) say(goodbye);
    for (const listener of listeners) listener(life.id);
  };

  const goodbyes = createGoodbyes(clock);
  const say = ({ userId, connectionId, reason }: Goodbye): Promise<number> =>
    publish(userId, { type: "disconnected", connectionId, reason });

  let life = begin();

  /** A new epoch knows none of the old ids, nor what they told: everything is told again, under a new one. */
  const epochNow = () => epochOn(board);
  let epoch = 0;
  let isBoardRead = false;
  void board.ready.then(() => {
    isBoardRead = true;
  });
  const forgetEpochs = board.onChange((key) => {
    const now = epochNow();
    // 0: none is known yet. An older one than before is new all the same: everything was wiped.
    if (key !== leaseKeys.epoch || now === 0 || now === epoch) return;
    const isFirst = epoch === 0 && now === FIRST_EPOCH;
    epoch = now;
    if (isBoardRead && !isFirst) void deps.refreshProfiles().then(() => renew(`epoch ${epochNow()} begins`));
  });

  return {
    gatewayId: () => life.id,
    async connected(connection) {
      let latest = announce(connection, 0);
      for (;;) {
        try {
          await latest;
          return;
        } catch (error) {
          if (connection.announced === latest || !connections.has(connection)) throw error;
          latest = connection.announced as Promise<number>;
        }
      }
    },
    announceAgain(connection) {
      void announce(connection, idleOf(connection));
    },
    disconnected(connection, reason) {
      const goodbye = {
        userId: connection.userId,
        connectionId: connection.id,
        reason: reason.slice(0, REASON_MAX_LENGTH),
      };
      goodbyes.note(goodbye, say(goodbye));
    },
    activity(userId) {
      void publish(userId, { type: "activity" });
    },
    async disconnectAll(userId) {
      metrics.events.inc({ type: "disconnect-all" });
      const order = toBytes(versioned("logMessage", { event: { type: "disconnect-all" } }));
      return (await bus.acks.publish(eventSubject("admin", userId), order)).seq;
    },
    outOfStep(gatewayId) {
      if (gatewayId === life.id) renew("out of step");
    },
    onLife(listener) {
      listeners.push(listener);
      listener(life.id);
    },
    isStarted: () => life.lastBeatAt() > 0,
    async stop(waitMs) {
      stopped = true;
      forgetEpochs();
      const deadline = clock.now() + waitMs;
      while (life.backlog() > 0 && clock.now() < deadline) {
        await clock.sleep(BACKLOG_LOOK_MS);
      }
      const isLeft = life.backlog() > 0;
      if (isLeft) logger.warn({ events: life.backlog() }, "stopping with events that are not in the log");
      await life.end({ keepKey: isLeft });
    },
  };
}
