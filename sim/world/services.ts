import type { Profile as LogProfile } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { createLifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import { Registry } from "prom-client";
import { toProfile } from "../../gateway/src/core/profile.ts";
import { createStatusFeed, type StatusFeed } from "../../gateway/src/feed/status-feed.ts";
import { createActivity } from "../../gateway/src/log/activity.ts";
import { createEventLog, type EventLog } from "../../gateway/src/log/event-log.ts";
import { createGatewayMetrics } from "../../gateway/src/metrics.ts";
import { obeyCommands } from "../../gateway/src/sockets/commands.ts";
import { type Connection, createConnections } from "../../gateway/src/sockets/connections.ts";
import { reconcileConnections } from "../../gateway/src/sockets/reconcile.ts";
import { createWorker } from "../../presence-worker/src/app.ts";
import { createSweeper } from "../../sweeper/src/app.ts";
import type { Person } from "./people.ts";
import type { Profile } from "./profile.ts";
import type { ProcessTables } from "./tables.ts";

/** The real services, as their `main.ts` puts them together, on a simulated bus, clock and database. */

export interface ServiceParts {
  bus: Bus;
  tables: ProcessTables;
  profile: Profile;
  logger: Logger;
  /** who is who, for whoever writes a profile */
  person: (userId: string) => Person | undefined;
}

/** Stops in good order; resolves when it is done. */
export type Stop = () => Promise<unknown>;

export async function startWorker({ bus, tables, profile, logger }: ServiceParts): Promise<Stop> {
  const lifecycle = createLifecycle(logger);
  await createWorker(
    { bus, tables, remembered: tables.remembered, registry: new Registry(), logger },
    {
      offlineThresholdMs: profile.offlineThresholdMs,
      graceMs: profile.graceMs,
      multiDevice: profile.multiDevice,
      gatewayLeaseMs: profile.gatewayLeaseMs,
      workerLeaseMs: profile.workerLeaseMs,
      replicas: 1,
    },
    lifecycle,
  );
  return () => lifecycle.stop();
}

async function prepare(bus: Bus, logger: Logger): Promise<void> {
  await ensureStreams(bus, 1);
  await compareStreams(bus, 1, { updates: false, logger });
  await agreeOnSettings(bus, logger);
}

export async function startSweeper(parts: ServiceParts): Promise<Stop> {
  const { bus, tables, profile, logger, person } = parts;
  await prepare(bus, logger);
  const sweeper = await createSweeper(
    {
      bus,
      logger,
      registry: new Registry(),
      readStale: async (scope) => {
        const rows = await tables.staleOnline(scope === "everyone" ? 0 : profile.offlineThresholdMs);
        return rows.flatMap((row) => {
          const known = person(row.userId);
          return known ? [{ userId: row.userId, profile: { ...known.directory, ...storedPart(row) } }] : [];
        });
      },
      store: tables,
      pruneHistory: tables.pruneHistory,
    },
    {
      sweeperId: bus.clock.id(),
      gatewayLeaseMs: profile.gatewayLeaseMs,
      workerLeaseMs: profile.workerLeaseMs,
      sweepIntervalMs: profile.sweepIntervalMs,
    },
  );
  return () => sweeper.stop();
}

type StoredPart = Pick<
  LogProfile,
  "availability" | "statusText" | "availabilityExpiresAt" | "lastActiveAt" | "lastSeen"
>;
const storedPart = (row: StoredPart): StoredPart => ({
  availability: row.availability,
  statusText: row.statusText,
  availabilityExpiresAt: row.availabilityExpiresAt,
  lastActiveAt: row.lastActiveAt,
  lastSeen: row.lastSeen,
});

/** A socket as the gateway's code uses it. */
interface SimSocket {
  id: string;
  connected: boolean;
  emit(): void;
  disconnect(): void;
}

export interface SimGateway {
  readonly log: EventLog;
  readonly feed: StatusFeed;
  readonly board: LeaseBoard;
  /** whether its link to the broker is up, as far as it knows */
  hasLink(): boolean;
  /** Lets a person in; `onClosed` hears why the socket ended, unless the process died. */
  connect(person: Person, onClosed: (reason: string) => void): Promise<OpenSocket>;
  stop: Stop;
}

export interface OpenSocket {
  connection: Connection;
  act(): void;
  /** Ends with Socket.IO's reason, as the gateway sees it. */
  close(reason: string): void;
}

export async function startGateway(
  { bus, tables, profile, logger }: ServiceParts,
  onChange: (status: StatusMessage) => void,
): Promise<SimGateway> {
  await prepare(bus, logger);
  const metrics = createGatewayMetrics(new Registry());
  const board = createLeaseBoard(bus, logger);
  const connections = createConnections(metrics.connections);
  const refreshProfiles = async () => {
    try {
      const stored = await tables.presences(connections.userIds());
      for (const connection of connections.all()) {
        const row = stored.get(connection.userId);
        if (row) connection.profile = { ...connection.profile, ...storedPart(row) };
      }
    } catch {
      // They are announced as they came.
    }
  };
  const log = createEventLog(
    { bus, board, connections, refreshProfiles, metrics, logger },
    { leaseMs: profile.gatewayLeaseMs },
  );
  const feed = createStatusFeed({ bus, metrics, logger });
  feed.onChange(onChange);
  const touch = createActivity(
    { clock: bus.clock, log, connections, shownOf: feed.shown, metrics, logger },
    { throttleMs: profile.activityThrottleMs },
  );
  const commands = obeyCommands({ bus, log, connections, logger });
  const reconciliation = reconcileConnections({ bus, board, log, connections, logger });

  return {
    log,
    feed,
    board,
    hasLink: bus.isUp,
    async connect(person, onClosed) {
      const directoryVersion = feed.shown(person.userId)?.directoryVersion ?? 0;
      const stored = await tables
        .presences([person.userId])
        .then((found) => found.get(person.userId))
        .catch(() => undefined);
      const { username, isAnonymous, conversationIds } = person.directory;
      const socket: SimSocket = {
        id: bus.clock.id(),
        connected: true,
        emit: () => {},
        disconnect: () => close("forced close"),
      };
      const connection: Connection = {
        id: bus.clock.id().slice(0, 16),
        userId: person.userId,
        identity: { user: { id: person.userId, username, isAnonymous } } as Connection["identity"],
        conversationIds,
        left: new Set(),
        blocked: new Set(),
        profile: toProfile({ user: { username: username ?? "", isAnonymous }, conversationIds, stored }),
        directoryVersion,
        device: person.device,
        socket: socket as unknown as Connection["socket"],
        since: bus.clock.wall(),
        lastActivityAt: bus.clock.now(),
        announced: undefined,
        logged: undefined,
        closeReason: undefined,
        isWelcomed: false,
      };
      const close = (reason: string) => {
        if (!socket.connected) return;
        socket.connected = false;
        connections.remove(connection);
        log.disconnected(connection, connection.closeReason ?? reason);
        onClosed(connection.closeReason ?? reason);
      };
      connections.add(connection);
      log.connected(connection).then(
        () => {
          connection.isWelcomed = true;
        },
        () => {},
      );
      return { connection, act: () => touch(person.userId), close };
    },
    async stop() {
      for (const connection of connections.all()) {
        connection.closeReason = "server shutting down";
        connection.socket.disconnect();
      }
      await log.stop(3_000);
      commands.stop();
      reconciliation.stop();
      await feed.stop();
      await board.close();
    },
  };
}
