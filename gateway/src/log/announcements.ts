import { PROFILE_WAIT_MAX_MS, type UserEvent } from "@meeshy/shared/events";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Connections, LoggedConnection } from "../connections/connections.ts";
import type { PublishEvent } from "./event-publisher.ts";

/** Announces connections to the log, and notes where the log has them. */
export interface Announcements {
  /**
   * A connection that has just been opened. Resolves once the log has it, by this announcement or by a later one that
   * has superseded it, or once it is closed; rejects as {@link PublishEvent} does.
   */
  first(connection: LoggedConnection): Promise<void>;
  /** An open one once more. */
  again(connection: LoggedConnection): void;
  /** The log may have been lost some time before its epoch ended: such positions may be of the next one. */
  forgetRecentPositions(): void;
}

export interface AnnouncementDeps {
  clock: Clock;
  connections: Pick<Connections, "all" | "has">;
  publish: PublishEvent;
  /** under which id this gateway writes now */
  gatewayId: () => string;
  /** It came into the log so late that workers do not take its stored profile for what is stored still. */
  readProfileAnew: (connection: LoggedConnection) => void;
  /** 0: none is known */
  epochNow: () => number;
}

/** In leases: a lost log is noticed sooner, so what was acknowledged before that is of the log that is known. */
const UNNOTICED_LEASES = 5;

export function createAnnouncements(deps: AnnouncementDeps, { leaseMs }: { leaseMs: number }): Announcements {
  const { clock, connections, publish, epochNow } = deps;

  const announce = (connection: LoggedConnection, idleMs: number): Promise<number> => {
    const gatewayId = deps.gatewayId();
    // Announced again, it belongs to what made that necessary.
    const cause = connection.announced === undefined ? { parent: connection.traceparent } : undefined;
    const announced = publish(connection.userId, connectedEvent(connection, gatewayId, idleMs), cause);
    connection.announced = announced;
    const announcedIn = epochNow();
    const since = clock.now();
    announced.then(
      (seq) => {
        if (seq === 0) return;
        if (clock.now() - since > PROFILE_WAIT_MAX_MS) deps.readProfileAnew(connection);
        connection.logged = { seq, gatewayId };
        if (announcedIn > 0 && announcedIn === epochNow())
          connection.firstLogged ??= { epoch: announcedIn, seq, at: clock.now() };
      },
      () => {},
    );
    return announced;
  };

  return {
    async first(connection) {
      let latest = announce(connection, connection.arrival.idleMs);
      for (;;) {
        const isOver = () => connection.announced === latest || !connections.has(connection);
        try {
          // 0: a later announcement has superseded this one.
          if ((await latest) > 0 || isOver()) return;
        } catch (error) {
          if (isOver()) throw error;
        }
        latest = connection.announced as Promise<number>;
      }
    },
    again(connection) {
      void announce(connection, Math.max(0, Math.round(clock.now() - connection.lastActivityAt)));
    },
    forgetRecentPositions() {
      for (const connection of connections.all()) {
        const { firstLogged } = connection;
        if (firstLogged && clock.now() - firstLogged.at < UNNOTICED_LEASES * leaseMs)
          connection.firstLogged = undefined;
      }
    },
  };
}

const connectedEvent = (connection: LoggedConnection, gatewayId: string, idleMs: number): UserEvent => ({
  type: "connected",
  connectionId: connection.id,
  gatewayId,
  device: connection.device,
  idleMs,
  ...(connection.isReady ? { again: true } : originOf(connection.arrival)),
  ...(connection.isPassive ? { passive: true } : {}),
  ...(connection.firstLogged && {
    firstLogged: { epoch: connection.firstLogged.epoch, seq: connection.firstLogged.seq },
  }),
  profile: connection.profile,
  directoryVersion: connection.directoryVersion,
});

/** Who opened the connection, as far as its client says so. */
const originOf = ({ isResumed, saysNew }: LoggedConnection["arrival"]) =>
  isResumed ? { resumed: true } : saysNew ? { resumed: false } : {};
