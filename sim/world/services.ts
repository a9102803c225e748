import type { CloseReasonName } from "@meeshy/shared/close-reasons";
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
import type { Accounts } from "../../gateway/src/changes/accounts.ts";
import {
  type ClientConnection,
  type Connections,
  createConnections,
} from "../../gateway/src/connections/connections.ts";
import type { Arrival } from "../../gateway/src/connections/socket-server.ts";
import { toProfile } from "../../gateway/src/core/profile.ts";
import { createStatusFeed, type StatusFeed } from "../../gateway/src/feed/status-feed.ts";
import { createActivity } from "../../gateway/src/log/activity.ts";
import { createEventLog, type EventLog } from "../../gateway/src/log/event-log.ts";
import { createLiveGateways } from "../../gateway/src/log/live-gateways.ts";
import { createGatewayMetrics } from "../../gateway/src/metrics.ts";
import { handleCommands } from "../../gateway/src/sockets/commands.ts";
import { lookForChanges } from "../../gateway/src/sockets/connect-path.ts";
import { reconcileConnections } from "../../gateway/src/sockets/reconcile.ts";
import { createWorker } from "../../presence-worker/src/app.ts";
import { createSweeper } from "../../sweeper/src/app.ts";
import type { Release } from "../versions/release.ts";
import { serveAccounts } from "./accounts.ts";
import type { AppDirectory } from "./directory.ts";
import type { Person } from "./people.ts";
import type { Profile } from "./profile.ts";
import type { ProcessStore } from "./tables.ts";

/** The real services, as their `main.ts` puts them together, on a simulated bus, clock and database. */

export interface ServiceParts {
  bus: Bus;
  store: ProcessStore;
  profile: Profile;
  logger: Logger;
  /** the person of a user id, for profiles */
  person: (userId: string) => Person | undefined;
  /** reads who a person is from the application's directory */
  directory: ReturnType<AppDirectory["of"]>;
  release: Release;
}

/** Stops in good order; resolves when it is done. */
export type Stop = () => Promise<unknown>;

export async function startWorker({ bus, store, profile, logger }: ServiceParts): Promise<Stop> {
  const lifecycle = createLifecycle(logger);
  await createWorker(
    { bus, store, registry: new Registry(), logger },
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

/** Few, so that a sweep of all has several pages. */
const SWEEP_PAGE = 50;
const HISTORY_DAYS = 30;

export async function startSweeper(parts: ServiceParts): Promise<Stop> {
  const { bus, store, profile, logger, person } = parts;
  await prepare(bus, logger);
  const sweeper = await createSweeper(
    {
      bus,
      logger,
      registry: new Registry(),
      readStale: async (scope, bounds) => {
        const thresholdMs = scope === "everyone" ? 0 : profile.offlineThresholdMs;
        const page = await store.presence.stale({ thresholdMs, limit: SWEEP_PAGE, ...bounds });
        const people = page.people.flatMap(({ userId, profile: stored }) => {
          const known = person(userId);
          return known ? [{ userId, profile: { ...stored, ...known.directory } }] : [];
        });
        return { ...page, people };
      },
      store: store.directory,
      pruneHistory: () => store.history.prune(HISTORY_DAYS),
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

/** A person has just opened it. */
const FRESH: Arrival = { isResumed: false, isPassive: false, idleMs: 0 };

/** How often an activity has a gateway of a later release write events of a type that this one does not know. */
const SAYS_MORE = 0.2;

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
  /** What an application may ask to be done to accounts. */
  readonly accounts: Accounts;
  /** Accepts a person's connection; `onClosed` gets the reason for its end, unless the process died. */
  connect(
    person: Person,
    onClosed: (reason: CloseReasonName) => void,
    arrival?: Arrival,
  ): Promise<OpenSocket | "refused">;
  stop: Stop;
}

export interface OpenSocket {
  connection: ClientConnection;
  act(): void;
  /** Ends with Socket.IO's reason, as the gateway sees it. */
  close(reason: CloseReasonName): void;
}

/** Takes into the profiles of open connections what is stored now; where it cannot be read they stay as they are. */
async function readStored(connections: Connections, store: ServiceParts["store"]): Promise<void> {
  try {
    const stored = await store.directory.presences(connections.userIds());
    for (const connection of connections.all()) {
      const row = stored.get(connection.userId);
      if (row) connection.profile = { ...connection.profile, ...storedPart(row) };
    }
  } catch {
    // They are announced as they came.
  }
}

export async function startGateway(
  { bus, store, directory, profile, logger, release }: ServiceParts,
  onChange: (status: StatusMessage) => void,
): Promise<SimGateway> {
  await prepare(bus, logger);
  const metrics = createGatewayMetrics(new Registry());
  const board = createLeaseBoard(bus, logger);
  const connections = createConnections(metrics.connections);
  const refreshProfiles = () => readStored(connections, store);
  const log = createEventLog(
    {
      ...{ bus, board, connections, refreshProfiles, metrics, logger },
      readProfileAnew: (one) =>
        void refreshProfiles().then(() => connections.has(one) && log.announceAgain(one)),
      gateways: createLiveGateways(board, bus.clock, profile),
      isFollowing: () => false,
    },
    { leaseMs: profile.gatewayLeaseMs, leaveHeldMs: 60 },
  );
  const feed = createStatusFeed({ bus, board, metrics, logger });
  feed.onChange(({ status }) => onChange(status));
  const touch = createActivity(
    { clock: bus.clock, log, connections, shownOf: feed.shown, metrics, logger },
    { throttleMs: profile.activityThrottleMs },
  );
  const commands = handleCommands({ bus, log, connections, logger });
  log.onLife(commands.listenAs);
  const reconciliation = reconcileConnections({ bus, board, log, connections, logger });
  log.onLife(reconciliation.soon);
  const {
    accounts,
    changes,
    stop: stopChanges,
  } = serveAccounts({
    ...{ bus, store, directory, feed, log, connections, metrics, logger },
  });

  return {
    log,
    feed,
    accounts,
    board,
    hasLink: bus.isUp,
    async connect(person, onClosed, arrival = FRESH) {
      const directoryVersion = feed.shown(person.userId)?.directoryVersion ?? 0;
      const stored = await store.directory
        .presences([person.userId])
        .then((found) => found.get(person.userId))
        .catch(() => undefined);
      const account = person.isStranger ? { ...person, isActive: true } : await directory(person.userId);
      if (!account?.isActive) return "refused";
      const { username, isAnonymous, conversationIds } = account.directory;
      const socket: SimSocket = {
        id: bus.clock.id(),
        connected: true,
        emit: () => {},
        disconnect: () => close("forced close"),
      };
      const connection: ClientConnection = {
        id: bus.clock.id().slice(0, 16),
        userId: person.userId,
        identity: {
          user: { id: person.userId, username, isAnonymous, sessionsRevokedAt: null },
          sessionToken: null,
        } as ClientConnection["identity"],
        conversationIds,
        left: new Set(),
        blocked: new Set(),
        profile: toProfile({ user: { username: username ?? "", isAnonymous }, conversationIds, stored }),
        directoryVersion,
        device: person.device,
        socket: socket as unknown as ClientConnection["socket"],
        since: bus.clock.wall(),
        lastActivityAt: bus.clock.now() - arrival.idleMs,
        arrival,
        isPassive: false,
        announced: undefined,
        logged: undefined,
        firstLogged: undefined,
        closeReason: undefined,
        isReady: false,
      };
      const close = (reason: CloseReasonName) => {
        if (!socket.connected) return;
        socket.connected = false;
        connections.remove(connection);
        log.disconnected(connection, connection.closeReason ?? reason);
        onClosed(connection.closeReason ?? reason);
      };
      connections.add(connection);
      lookForChanges(connection, { feed, changes, logger });
      log.connected(connection).then(
        () => {
          connection.isReady = true;
        },
        () => {},
      );
      const act = () => {
        touch(person.userId);
        // A later release has more to say of it: the second of two at once becomes an event of a type of its own.
        if (release === "later" && bus.clock.random() < SAYS_MORE)
          for (let said = 0; said < 2; said++) log.activity(person.userId);
      };
      return { connection, act, close };
    },
    async stop() {
      for (const connection of connections.all()) {
        connection.closeReason = "server shutting down";
        connection.socket.disconnect();
      }
      await log.stop(3_000);
      stopChanges();
      commands.stop();
      reconciliation.stop();
      await feed.stop();
      await board.close();
    },
  };
}
