import type { CloseCommand } from "@meeshy/shared/events";
import { createGate } from "@meeshy/shared/nats/gate";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { RecordView } from "@meeshy/shared/record-view";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { closeConnection } from "../connections/close-connection.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { readRecord } from "../status/worker-record.ts";
import { type ClosureProofDeps, createClosureProof } from "./closure-proof.ts";

/**
 * Closes the connections that their owners have closed: an order to close may find this gateway without a link, and
 * nothing would repeat it. After each reconnect, each new life in the log and now and then, every open connection is
 * compared with the record of its person.
 */
export interface ReconcileDeps extends ClosureProofDeps {
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

export interface Reconciliation {
  /** Looks in a moment: this gateway has begun a new life in the log. */
  soon(): void;
  stop(): void;
}

export function reconcileConnections(deps: ReconcileDeps): Reconciliation {
  const { bus, connections, logger } = deps;
  const { clock } = bus;
  const proof = createClosureProof(deps);
  const gate = createGate(READS_AT_ONCE);
  let next: Timer | undefined;
  let stopped = false;
  let running = false;
  /** a pass was due while one ran: it began before the break that the next one is for */
  let isDueAgain = false;
  /** connections that were missing at the last look */
  let missing: ReadonlySet<ClientConnection> = new Set();
  let stillMissing = new Set<ClientConnection>();

  /** `false`: it cannot be said yet. */
  const check = async (userId: string): Promise<boolean> => {
    const open = connections.of(userId);
    const covered = open.filter(proof.isCovered);
    const record = covered.length > 0 ? await readRecord(bus, userId) : undefined;
    const held = new Set(record?.connections.map(({ id }) => id));
    const absent = held.size < TOO_MANY ? covered.filter(({ id }) => !held.has(id)) : [];
    if (absent.length === 0) return covered.length === open.length;
    const lives = await proof.isAlive();
    for (const connection of absent) {
      if (!lives || !connections.has(connection)) continue;
      if (missing.has(connection)) close(connection, record);
      else stillMissing.add(connection);
    }
    return false;
  };

  const close = (connection: ClientConnection, record: RecordView | undefined) => {
    const reason: CloseCommand["reason"] = record && record.connections.length > 0 ? "replaced" : "admin";
    const { userId, id: connectionId } = connection;
    logger.warn({ userId, connectionId, reason }, "connection is not in the record: closing it");
    closeConnection(connection, reason);
  };

  const run = async () => {
    if (running) {
      isDueAgain = true;
      return;
    }
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
    schedule(isDueAgain ? AFTER_MS : EVERY_MS);
    isDueAgain = false;
  };
  const schedule = (ms: number) => {
    next?.cancel();
    if (!stopped) next = clock.after(ms, () => void run());
  };
  const forget = bus.onChange((up) => {
    if (up) schedule(AFTER_MS);
  });

  return {
    soon: () => schedule(AFTER_MS),
    stop() {
      stopped = true;
      next?.cancel();
      forget();
    },
  };
}
