import type { Epoch } from "@meeshy/shared/events";
import { createLeaseLengths } from "@meeshy/shared/lease-length";
import type { Clock } from "@meeshy/shared/ports/clock";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { plan } from "../core/fair-share.ts";
import { createRollCall } from "../core/roll-call.ts";
import type { HostDeps } from "./deps.ts";
import { claimPartition, ownerOf, readLease } from "./lease.ts";
import { type PartitionHost, startPartitionHost } from "./partition-host.ts";

/** Sees to it that every partition has one owner, and that this worker holds its share. */
export interface Ownership {
  hosts(): PartitionHost[];
  /** how many workers were alive when this one could last tell, itself included */
  workersAlive(): number;
  /** partitions of others, or of no worker, whose lease this one cannot read: it does not take them */
  unreadableLeases(): number;
  stop(): Promise<void>;
}

const WORKERS = leaseKeys.worker("");
const LOOK_MS = 100;
/** An operator who knows that a lease is of no use deletes it: an epoch begins if its checkpoint was needed. */
const LEASE_CONSEQUENCES = {
  later: "a later release has written it: this process leaves the partition to workers of that release",
  damaged:
    "the partition is not taken until its owner writes the lease anew; if it has none, delete the key: nats kv del PRESENCE_LEASES <key>",
} as const;
/** Longest a release may wait for acknowledgements. */
const RELEASE_MS = 3_000;

type Held = { host: Promise<PartitionHost | undefined>; started: PartitionHost | undefined; epoch: number };

export function createOwnership(deps: HostDeps): Ownership {
  const { bus, board, workerId, epochs, logger, report, rules } = deps;
  const { clock } = bus;
  const held = new Map<number, Held>();
  /** partitions that are being given up: not to be taken again before that is done */
  const leaving = new Set<number>();
  const roll = createRollCall(workerId);
  const leases = createLeaseLengths(rules.workerLeaseMs, logger);
  /** what dead workers had left behind at the last look */
  let orphans: ReadonlySet<number> = new Set();
  let workersAlive = 1;
  let unowned = 0;
  let stopped = false;

  const abandon = async (partition: number) => {
    const entry = held.get(partition);
    held.delete(partition);
    leaving.add(partition);
    const host = await entry?.host;
    try {
      await host?.abandon();
    } catch (error) {
      logger.warn({ partition, err: error }, "given up, not in good order");
    } finally {
      leaving.delete(partition);
    }
  };

  const take = (partition: number, epoch: Epoch) => {
    const entry: Held = { host: Promise.resolve(undefined), started: undefined, epoch: epoch.epoch };
    const start = async (): Promise<PartitionHost | undefined> => {
      try {
        const claim = await claimPartition({
          ...deps,
          partition,
          epoch,
          onLost: () => {
            if (held.get(partition) !== entry) return;
            logger.warn({ partition }, "partition lost to another owner");
            void abandon(partition);
          },
        });
        if (claim === undefined) return undefined;
        entry.started = await startPartitionHost(deps, claim);
        return entry.started;
      } catch (error) {
        logger.warn({ partition, err: error }, "could not take the partition");
        return undefined;
      }
    };
    held.set(partition, entry);
    entry.host = start().then((host) => {
      if (host === undefined && held.get(partition) === entry) held.delete(partition);
      return host;
    });
  };

  const release = async (partition: number) => {
    const entry = held.get(partition);
    held.delete(partition);
    leaving.add(partition);
    const host = await entry?.host;
    try {
      if (host === undefined) return;
      if (!bus.isUp()) throw new Error("NATS is away");
      await within(clock, RELEASE_MS, host.release());
    } catch (error) {
      logger.warn(
        { partition, err: error },
        "given up without a last checkpoint: the next owner repeats some work",
      );
      await host?.abandon();
    } finally {
      leaving.delete(partition);
    }
  };

  /** Whoever the board names as owner is the owner. */
  const dropForeign = (current: Epoch) => {
    for (const [partition, { started, epoch }] of held) {
      if (started === undefined) continue;
      const lease = readLease(board.get(leaseKeys.partition(partition)));
      const isForeign = lease === "later" || ![null, undefined, workerId].includes(ownerOf(lease));
      if (isForeign || epoch !== current.epoch) void abandon(partition);
    }
  };

  const leaseOf = (partition: number) => {
    const entry = board.get(leaseKeys.partition(partition));
    const lease = readLease(entry);
    if (entry !== undefined && typeof lease === "string")
      report("lease", entry.key, entry.revision, LEASE_CONSEQUENCES[lease]);
    return lease;
  };

  const look = () => {
    const epoch = epochs.current();
    if (stopped || epoch === undefined) return;
    dropForeign(epoch);
    const signs = board.list(WORKERS).map(({ key, value, changedAt }) => ({
      id: key.slice(WORKERS.length),
      changedAt,
      leaseMs: leases.of(key, value),
    }));
    const living = roll.call(clock.now(), signs);
    if (living === null) return;
    workersAlive = living.length;
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      owner: ownerOf(leaseOf(partition)),
    }));
    unowned = holdings.filter(({ partition, owner }) => owner === undefined && !held.has(partition)).length;
    const next = plan(workerId, living, holdings, new Set(held.keys()), orphans);
    orphans = new Set(next.orphans);
    for (const partition of next.claim) if (!leaving.has(partition)) take(partition, epoch);
    if (leaving.size === 0) for (const partition of next.release) void release(partition);
  };
  const timer = clock.every(LOOK_MS, look);

  return {
    workersAlive: () => workersAlive,
    unreadableLeases: () => unowned,
    hosts: () => [...held.values()].flatMap(({ started }) => (started ? [started] : [])),
    async stop() {
      stopped = true;
      timer.cancel();
      await Promise.all([...held.keys()].map(release));
    },
  };
}

function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<void>();
  const timer = clock.after(ms, () => reject(new Error(`not done within ${ms} ms`)));
  return Promise.race([work, late]).finally(() => timer.cancel());
}
