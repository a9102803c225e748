import { type CloseCommand, epochSchema, gatewayBeatSchema } from "@meeshy/shared/events";
import { createGate } from "@meeshy/shared/nats/gate";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { partitionProgressSchema } from "@meeshy/shared/partition-progress";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_LEASES, leaseKeys, partitionOf } from "@meeshy/shared/subjects";
import type { EventLog } from "../log/event-log.ts";
import { readRecord, type WorkerRecord } from "../people/worker-record.ts";
import { closeConnection } from "./close-connection.ts";
import type { Connection, Connections } from "./connections.ts";

/**
 * Closes the connections that their owners have closed: an order to close may find this gateway without a link, and
 * nothing would repeat it. After each reconnect, each new life in the log and now and then, every open connection is
 * compared with the record of its person.
 *
 * A record proves that a connection was closed if it was written after the connection's announcement was processed:
 * the owner writes records before its checkpoint, so the checkpoint is read first, then the record. Or this gateway
 * was declared lost, and does not know yet: then all its connections are gone from the records, and it announces them
 * again. Its heartbeat's key is marked before anything else, so that is read last.
 */
export interface ReconcileDeps {
  bus: Bus;
  board: LeaseBoard;
  log: Pick<EventLog, "gatewayId" | "onLife">;
  connections: Connections;
  logger: Logger;
}

/** Owners that were cut off as well have reconnected, and written what they held. */
const AFTER_MS = 2_000;
const EVERY_MS = 300_000;
const READS_AT_ONCE = 32;
/** Times that the people whose checkpoint lies before their connection are looked at again. */
const LOOKS = 15;
/** A record does not hold all of more connections. */
const TOO_MANY = 200;

export function reconcileConnections(deps: ReconcileDeps): { stop(): void } {
  const { bus, board, log, connections, logger } = deps;
  const { clock } = bus;
  const gate = createGate(READS_AT_ONCE);
  let next: Timer | undefined;
  let stopped = false;
  let running = false;
  /** connections that were missing at the last look */
  let missing: ReadonlySet<Connection> = new Set();
  let stillMissing = new Set<Connection>();

  /** Whether the partition has processed what this gateway wrote up to the connection's announcement. */
  const isCovered = ({ userId, logged }: Connection): boolean => {
    const entry = board.get(leaseKeys.partition(partitionOf(userId)));
    const memory = partitionProgressSchema.safeParse(entry?.value).data?.memory;
    const epoch = epochSchema.safeParse(board.get(leaseKeys.epoch)?.value).data?.epoch;
    if (!memory || memory.epoch !== epoch || logged?.gatewayId !== log.gatewayId()) return false;
    return memory.publishers[logged.gatewayId]?.lost === false && logged.seq <= memory.seq;
  };

  /** `false`: it cannot be said yet. */
  const check = async (userId: string): Promise<boolean> => {
    const open = connections.of(userId);
    const covered = open.filter(isCovered);
    const record = covered.length > 0 ? await readRecord(bus, userId) : undefined;
    const held = new Set(record?.connections.map(({ id }) => id));
    const absent = held.size < TOO_MANY ? covered.filter(({ id }) => !held.has(id)) : [];
    if (absent.length === 0) return covered.length === open.length;
    const lives = await isAlive();
    for (const connection of absent) {
      if (!lives || !connections.has(connection)) continue;
      if (missing.has(connection)) close(connection, record);
      else stillMissing.add(connection);
    }
    return false;
  };

  /** Whether this life's heartbeat stands under its key, and no one has marked or removed it. */
  const isAlive = async (): Promise<boolean> => {
    const subject = keySubject(BUCKET_LEASES, leaseKeys.gateway(log.gatewayId()));
    const last = await bus.lastValue(bucketStream(BUCKET_LEASES), subject);
    return (
      last !== undefined &&
      !last.deleted &&
      gatewayBeatSchema.safeParse(fromBytes(last.data)).data?.lost !== true
    );
  };

  const close = (connection: Connection, record: WorkerRecord | undefined) => {
    const reason: CloseCommand["reason"] = record && record.connections.length > 0 ? "replaced" : "admin";
    const { userId, id: connectionId } = connection;
    logger.warn({ userId, connectionId, reason }, "connection is not in the record: closing it");
    closeConnection(connection, reason);
  };

  const run = async () => {
    if (running) return;
    running = true;
    let left = connections.userIds();
    for (let look = 0; look < LOOKS && left.length > 0 && !stopped; look++) {
      if (look > 0) await clock.sleep(AFTER_MS);
      const looks = left.map(async (userId) => {
        const done = await gate
          .run(() => (stopped ? Promise.resolve(true) : check(userId)))
          .catch(() => false);
        return done ? [] : [userId];
      });
      left = (await Promise.all(looks)).flat();
      missing = stillMissing;
      stillMissing = new Set();
    }
    missing = new Set();
    running = false;
    schedule(EVERY_MS);
  };
  const schedule = (ms: number) => {
    next?.cancel();
    if (!stopped) next = clock.after(ms, () => void run());
  };
  const forget = bus.onChange((up) => {
    if (up) schedule(AFTER_MS);
  });
  log.onLife(() => schedule(AFTER_MS));

  return {
    stop() {
      stopped = true;
      next?.cancel();
      forget();
    },
  };
}
