import type { Epoch } from "@meeshy/shared/events";
import { createLeaseLengths } from "@meeshy/shared/lease-length";
import type { Timer } from "@meeshy/shared/ports/clock";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { within } from "@meeshy/shared/within";
import { plan } from "../core/fair-share.ts";
import { createLiveMembers } from "../core/live-members.ts";
import type { HostDeps } from "./deps.ts";
import { type Claim, claimPartition, type FoundLease, ownerOf, readLease } from "./lease.ts";
import { type PartitionHost, startPartitionHost } from "./partition-host.ts";

/**
 * Sees to it that every partition has one owner, and that this worker holds its share (ARCHITECTURE "Leases
 * and takeover", ADR 0004). No worker leads: each makes the same plan from the same lease board, ten times a
 * second:
 *
 * 1. Abandon what the board says is another's, or what belongs to an epoch that is over.
 * 2. Count the workers alive. While the own heartbeat does not come back, that is not known, and the look
 *    ends here: silence of others proves nothing then.
 * 3. Plan (`core/fair-share.ts`): a dead worker's partitions first, above the share if need be, then released
 *    ones up to the share; or give up what exceeds it, four at a time, so that few are without an owner.
 * 4. Claim by compare-and-set, load, and replay. Release what is planned once nothing else is being given up.
 *
 * Invariants: the owner that the board names is the owner, and a claim that another was faster with is none.
 * A partition that is being given up is not taken again before that is done.
 *
 * What fails: a claim or a load that fails is logged, and planned again at one of the next looks. A release
 * that takes longer than 3 s, or while NATS is away, becomes an abandonment: the next owner repeats some
 * work. A lease that cannot be read is reported and left alone (ADR 0013).
 */
export interface Ownership {
  /** the partitions that are held and loaded; those still being taken are not among them */
  hosts(): PartitionHost[];
  /** the partitions that are held, with their hosts; `undefined`: still being taken */
  held(): { partition: number; host: PartitionHost | undefined }[];
  /** how many workers were alive when the self-check last passed, itself included */
  workersAlive(): number;
  /** partitions of others, or of no worker, whose lease this one cannot read: it does not take them */
  unreadableLeases(): number;
  /** Releases every partition at once, each within 3 s. */
  stop(): Promise<void>;
}

const WORKERS = leaseKeys.worker("");
const LOOK_MS = 100;
/** An operator may delete a useless lease: an epoch begins if its checkpoint was needed. */
const LEASE_CONSEQUENCES = {
  later: "a later release has written it: this process leaves the partition to workers of that release",
  damaged:
    "the partition is not taken until its owner writes the lease anew; if it has none, delete the key as the NATS user worker: nats kv del PRESENCE_LEASES <key>",
} as const;
/** Longest a release may wait for acknowledgements. */
const RELEASE_MS = 3_000;

interface Held {
  host: Promise<PartitionHost | undefined>;
  started: PartitionHost | undefined;
  claim: Claim | undefined;
  epoch: number;
}

export function createOwnership(deps: HostDeps): Ownership {
  return new SharedOwnership(deps);
}

class SharedOwnership implements Ownership {
  readonly #deps: HostDeps;
  readonly #held = new Map<number, Held>();
  /** partitions that are being given up: not to be taken again before that is done */
  readonly #leaving = new Set<number>();
  readonly #live: ReturnType<typeof createLiveMembers>;
  readonly #leases: ReturnType<typeof createLeaseLengths>;
  readonly #timer: Timer;
  /** what dead workers had left behind at the last look */
  #orphans: ReadonlySet<number> = new Set();
  #workersAlive = 1;
  #unowned = 0;
  #stopped = false;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.#live = createLiveMembers(deps.workerId);
    this.#leases = createLeaseLengths(deps.rules.workerLeaseMs, deps.logger);
    this.#timer = deps.bus.clock.every(LOOK_MS, () => this.#look());
  }

  workersAlive(): number {
    return this.#workersAlive;
  }

  unreadableLeases(): number {
    return this.#unowned;
  }

  hosts(): PartitionHost[] {
    return [...this.#held.values()].flatMap(({ started }) => (started ? [started] : []));
  }

  held(): { partition: number; host: PartitionHost | undefined }[] {
    return [...this.#held].map(([partition, { started }]) => ({ partition, host: started }));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    await Promise.all([...this.#held.keys()].map((partition) => this.#release(partition)));
  }

  #look(): void {
    const epoch = this.#deps.epochs.current();
    if (this.#stopped || epoch === undefined) return;
    this.#dropForeign(epoch);
    const living = this.#liveWorkers();
    if (living === null) return;
    this.#workersAlive = living.length;
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      owner: ownerOf(this.#leaseOf(partition)),
    }));
    const isUnowned = ({ partition, owner }: (typeof holdings)[number]) =>
      owner === undefined && !this.#held.has(partition);
    this.#unowned = holdings.filter(isUnowned).length;
    const next = plan(this.#deps.workerId, living, holdings, new Set(this.#held.keys()), this.#orphans);
    this.#orphans = new Set(next.orphans);
    for (const partition of next.claim) if (!this.#leaving.has(partition)) this.#take(partition, epoch);
    if (this.#leaving.size === 0) for (const partition of next.release) void this.#release(partition);
  }

  /** The ids of the workers that beat; null while that is not known. */
  #liveWorkers(): ReturnType<ReturnType<typeof createLiveMembers>["list"]> {
    const { board, bus } = this.#deps;
    const signs = board.list(WORKERS).map(({ key, value, changedAt }) => ({
      id: key.slice(WORKERS.length),
      changedAt,
      leaseMs: this.#leases.of(key, value),
    }));
    return this.#live.list(bus.clock.now(), signs);
  }

  #leaseOf(partition: number): FoundLease {
    const entry = this.#deps.board.get(leaseKeys.partition(partition));
    const lease = readLease(entry);
    if (entry !== undefined && typeof lease === "string")
      this.#deps.report("lease", entry.key, entry.revision, LEASE_CONSEQUENCES[lease]);
    return lease;
  }

  /** The owner that the board names is the owner. */
  #dropForeign(current: Epoch): void {
    const { board, workerId } = this.#deps;
    for (const [partition, { started, claim, epoch }] of this.#held) {
      if (started === undefined) continue;
      const entry = board.get(leaseKeys.partition(partition));
      const lease = readLease(entry);
      // While this worker stood still another may have taken the partition, and released it again.
      const isReleased = ownerOf(lease) === null && (entry?.revision ?? 0) > (claim?.revision ?? 0);
      const isForeign =
        lease === "later" || isReleased || ![null, undefined, workerId].includes(ownerOf(lease));
      if (!isForeign && epoch === current.epoch) continue;
      this.#noteLost(partition, isForeign ? "another worker owns it" : "a new epoch begins");
      void this.#abandon(partition);
    }
  }

  #take(partition: number, epoch: Epoch): void {
    const entry: Held = {
      ...{ host: Promise.resolve(undefined), started: undefined, claim: undefined },
      epoch: epoch.epoch,
    };
    this.#held.set(partition, entry);
    entry.host = this.#start(partition, epoch, entry).then((host) => {
      if (host === undefined && this.#held.get(partition) === entry) this.#held.delete(partition);
      return host;
    });
  }

  async #start(partition: number, epoch: Epoch, entry: Held): Promise<PartitionHost | undefined> {
    const { logger } = this.#deps;
    const onLost = () => {
      if (this.#held.get(partition) !== entry) return;
      this.#noteLost(partition, "another worker owns it");
      void this.#abandon(partition);
    };
    try {
      const claim = await claimPartition({ ...this.#deps, partition, epoch, onLost });
      if (claim === undefined) return undefined;
      const host = await startPartitionHost(this.#deps, claim);
      entry.claim = claim;
      entry.started = host;
      logger.info({ partition, seq: claim.memory.seq }, "partition claimed");
      return host;
    } catch (error) {
      logger.warn({ partition, err: error }, "could not take the partition");
      return undefined;
    }
  }

  async #release(partition: number): Promise<void> {
    const { bus, logger } = this.#deps;
    await this.#giveUp(partition, async (host) => {
      try {
        if (host === undefined) return;
        if (!bus.isUp()) throw new Error("NATS is away");
        await within(host.release(), RELEASE_MS, bus.clock);
        logger.info({ partition }, "partition released");
      } catch (error) {
        logger.warn(
          { partition, err: error },
          "given up without a last checkpoint: the next owner repeats some work",
        );
        await host?.abandon();
      }
    });
  }

  /** The other owner has it in order, so nothing is to be done for one; many are a worker that stood still. */
  #noteLost(partition: number, why: string): void {
    this.#deps.logger.info(
      { partition, why },
      "partition lost: if this repeats, look whether this worker stands still (CPU, memory, link to NATS)",
    );
  }

  async #abandon(partition: number): Promise<void> {
    await this.#giveUp(partition, async (host) => {
      try {
        await host?.abandon();
      } catch (error) {
        this.#deps.logger.warn({ partition, err: error }, "given up, not in good order");
      }
    });
  }

  async #giveUp(partition: number, end: (host: PartitionHost | undefined) => Promise<void>): Promise<void> {
    const entry = this.#held.get(partition);
    this.#held.delete(partition);
    this.#leaving.add(partition);
    try {
      await end(await this.#hostOf(entry));
    } finally {
      this.#leaving.delete(partition);
    }
  }

  /** One that is still being taken waits for NATS, which may not answer any more: a worker that stops does not. */
  async #hostOf(entry: Held | undefined): Promise<PartitionHost | undefined> {
    if (entry === undefined || !this.#stopped) return entry?.host;
    return within(entry.host, RELEASE_MS, this.#deps.bus.clock).catch(() => {
      const { logger } = this.#deps;
      void entry.host
        .then((host) => host?.abandon())
        .catch((error: unknown) => logger.warn({ err: error }, "given up late, not in good order"));
      return undefined;
    });
  }
}
