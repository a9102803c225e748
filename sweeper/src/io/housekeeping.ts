import { MARKER_KEPT_MS } from "@meeshy/shared/nats/heartbeat";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { type Bus, isConflict } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";

/**
 * Keeps the lease bucket small: every life of a process has a key of its own there, which a killed worker or sweeper
 * leaves behind, and whose removal leaves a marker for ever.
 */
export interface Housekeeping {
  /** Removes what has been silent for long; `receivingSince`: since when its self-check has passed, null: it fails. */
  look(receivingSince: number | null): Promise<void>;
  stop(): void;
}

export interface HousekeepingLimits {
  /** silence of a worker or sweeper after which its key goes: many times its lease */
  deadAfterMs: number;
  /** age at which a marker goes: a process that stood still must find it, and not take the key for new */
  markerKeptMs: number;
}

export const HOUSEKEEPING_LIMITS: HousekeepingLimits = { deadAfterMs: 600_000, markerKeptMs: MARKER_KEPT_MS };

const DEAD_AFTER_LEASES = 10;
/** Removals at one look: what piled up before goes over several. */
const AT_ONCE = 50;
const KINDS = [leaseKeys.gateway(""), leaseKeys.worker(""), leaseKeys.sweeper("")];

export function createHousekeeping(
  { bus, board, logger }: { bus: Bus; board: LeaseBoard; logger: Logger },
  leaseMsOf: (entry: LeaseEntry) => number,
  { deadAfterMs, markerKeptMs }: HousekeepingLimits,
): Housekeeping {
  const { clock } = bus;
  /** keys without a value, and since when this process has known that */
  const markers = new Map<string, number>();
  const forget = board.onChange((key) => {
    if (board.get(key) !== undefined) markers.delete(key);
    else if (!markers.has(key) && KINDS.some((prefix) => key.startsWith(prefix)))
      markers.set(key, clock.now());
  });

  const isDead = (entry: LeaseEntry, receivingSince: number) =>
    clock.now() - Math.max(entry.changedAt, receivingSince) >
    Math.max(deadAfterMs, DEAD_AFTER_LEASES * leaseMsOf(entry));
  const removeDead = async (receivingSince: number) => {
    const dead = [leaseKeys.worker(""), leaseKeys.sweeper("")]
      .flatMap((prefix) => board.list(prefix))
      .filter((entry) => isDead(entry, receivingSince));
    for (const { key, revision } of dead.slice(0, AT_ONCE)) {
      try {
        await board.remove(key, revision);
        logger.info({ key }, "heartbeat of a dead process removed");
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  };
  const purgeMarkers = async () => {
    const old = [...markers].filter(([, since]) => clock.now() - since >= markerKeptMs);
    for (const [key] of old.slice(0, AT_ONCE)) {
      await bus.purge(bucketStream(BUCKET_LEASES), { filter: keySubject(BUCKET_LEASES, key) });
      markers.delete(key);
    }
  };

  let isLooking = false;
  return {
    async look(receivingSince) {
      if (isLooking || receivingSince === null) return;
      isLooking = true;
      try {
        await removeDead(receivingSince);
        await purgeMarkers();
      } catch (error) {
        logger.warn({ err: error }, "the lease bucket cannot be tidied, will try again");
      } finally {
        isLooking = false;
      }
    },
    stop: forget,
  };
}
