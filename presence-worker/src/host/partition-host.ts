import { type Following, follow, type Stored } from "@meeshy/shared/nats/follow";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { partitionFilter, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { faultOf } from "../core/epoch.ts";
import type { Partition } from "../core/partition.ts";
import { toRow } from "../core/projection.ts";
import { isRetained } from "../core/record.ts";
import type { Applied } from "../core/serving.ts";
import { createErasures, type Erasures } from "../io/erasures.ts";
import { readEvent } from "../io/log-reader.ts";
import { CatchUp } from "./catch-up.ts";
import { type Checkpointer, createCheckpointer } from "./checkpointer.ts";
import type { HostDeps } from "./deps.ts";
import { EffectRunner } from "./effect-runner.ts";
import type { Claim } from "./lease.ts";
import { type LoadedPartition, type LoadedUser, loadPartition } from "./load-partition.ts";
import { createPartitionStores, type PartitionStores } from "./partition-stores.ts";
import { PublisherWatch } from "./publisher-watch.ts";
import { raiseEpoch } from "./raise-epoch.ts";
import { SelfNotices } from "./self-notices.ts";

/**
 * One owned partition at work: log in, statuses, records, rows and checkpoints out.
 *
 * 1. Load. The records and the checkpoint give every user's state ({@link loadPartition}).
 * 2. Replay. The log is followed from the checkpoint + 1. The pure partition turns each message into changes,
 *    skips what a record has seen, and the runner carries the changes out: rows are queued, but no status is
 *    published and no record written, since a former owner has published most of these messages.
 * 3. Live, once the log's end is reached. The last status of each touched user is published, unless viewers
 *    have it for certain; rounds of records and checkpoints begin; from now on every change is published as
 *    it comes.
 *
 * Invariants: messages are applied one at a time, in log order, and wait for no broker and no database. What
 * is decided depends on records and messages alone, so a replay gives the same versions (ARCHITECTURE,
 * principles 2 and 3).
 *
 * What fails: a crash at any point makes the next owner repeat work from the checkpoint, and loses none.
 * Before each start of the consumer the log is compared with the checkpoint; one that was lost or shortened
 * raises the epoch (ADR 0005), and the ownership abandons the host. So it does when another owner is found,
 * whose writes make ours be refused (ADR 0004). A message that cannot be read is counted and takes its place
 * in its publisher's order (ADR 0012).
 */
export interface PartitionHost {
  partition: number;
  /** Resolves when the log has been read to its end and what it changed has been published. */
  caughtUp: Promise<void>;
  isCaughtUp(): boolean;
  counts(): { users: number; online: number; active: number; lag: number };
  /** age of the last message that was applied, by the broker's clock; before the first, since this host began; ms */
  lagMs(): number;
  /** The last message that was applied. */
  lastApplied(): Applied | undefined;
  /** Finishes what is under way, writes the last checkpoint and gives the partition up. */
  release(): Promise<void>;
  /** Stops at once: another owns the partition now, or the epoch is over. */
  abandon(): Promise<void>;
}

/** Times that ages are looked at before one is due. */
const LOOKS_TO_RENEW = 16;

/**
 * Reads the partition's records and log from its checkpoint on, and keeps at it until released.
 * @throws when records have expired, or the checkpoint is gone: another epoch begins then.
 */
export async function startPartitionHost(deps: HostDeps, claim: Claim): Promise<PartitionHost> {
  return new LogFollower(deps, claim, await loadPartition(deps, claim));
}

/** Message by message: the partition decides, the runner carries out, the checkpointer writes down. */
class LogFollower implements PartitionHost {
  readonly partition: number;
  readonly caughtUp: Promise<void>;
  readonly #deps: HostDeps;
  readonly #claim: Claim;
  readonly #users: Partition;
  /** the highest log sequence of this epoch that a loaded record had seen */
  readonly #recorded: number;
  readonly #stores: PartitionStores;
  readonly #checkpointer: Checkpointer;
  readonly #erasures: Erasures;
  readonly #catchUp = new CatchUp();
  readonly #selfNotices: SelfNotices;
  readonly #effects: EffectRunner;
  readonly #publishers: PublisherWatch;
  readonly #following: Following;
  readonly #renewal: Timer;
  readonly #announceCaughtUp: () => void;
  #live = false;
  #lag = 0;
  /** by the broker's clock; `undefined`: none was applied yet */
  #appliedTime: number | undefined;
  readonly #since: number;
  #lastApplied: Applied | undefined;

  constructor(deps: HostDeps, claim: Claim, { partition, loaded, recorded }: LoadedPartition) {
    const { bus } = deps;
    const logger = deps.logger.child({ partition: claim.partition });
    this.partition = claim.partition;
    this.#deps = deps;
    this.#since = bus.clock.now();
    this.#claim = claim;
    this.#users = partition;
    this.#recorded = recorded;
    this.#stores = createPartitionStores(deps, claim, logger, partition.written);
    const { records, statuses } = this.#stores;
    const { storedUpTo } = claim;
    this.#checkpointer = createCheckpointer({
      ...{ deps, claim, partition, records, statuses, logger, storedUpTo },
    });
    this.#erasures = createErasures({
      ...{ bus, statuses, logger },
      keptMs: deps.rules.erasedKeptMs,
    });
    this.#selfNotices = new SelfNotices(bus, claim.memory.epoch);
    this.#effects = new EffectRunner({
      deps: { ...deps, logger },
      partition: claim.partition,
      statuses,
      selfNotices: this.#selfNotices,
      erasures: this.#erasures,
      checkpointer: this.#checkpointer,
      catchUp: this.#catchUp,
      appliedBefore: claim.appliedBefore,
    });
    this.#publishers = new PublisherWatch({ ...deps, logger }, claim.partition, partition);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.caughtUp = promise;
    this.#announceCaughtUp = resolve;
    for (const user of loaded) this.#takeOver(user);
    this.#following = this.#follow(logger);
    this.#renewal = bus.clock.every(deps.rules.renewAfterMs / LOOKS_TO_RENEW, () => this.#renew());
  }

  isCaughtUp(): boolean {
    return this.#live;
  }

  counts(): { users: number; online: number; active: number; lag: number } {
    return { ...this.#users.counts(), lag: this.#lag };
  }

  lagMs(): number {
    const { bus, board } = this.#deps;
    const brokerTime = board.brokerTime();
    if (this.#appliedTime === undefined || brokerTime === undefined) return bus.clock.now() - this.#since;
    return Math.max(0, brokerTime - this.#appliedTime);
  }

  lastApplied(): Applied | undefined {
    return this.#lastApplied;
  }

  async release(): Promise<void> {
    await this.#following.stop();
    if (this.#live) await this.#checkpointer.finish();
    await this.#stop();
    await this.#claim.release();
    this.#deps.database.drop(this.partition);
  }

  async abandon(): Promise<void> {
    this.#claim.end();
    await this.#stop();
    this.#deps.database.drop(this.partition);
  }

  async #stop(): Promise<void> {
    this.#renewal.cancel();
    this.#erasures.stop();
    this.#selfNotices.stop();
    this.#stores.close();
    await this.#following.stop();
    await this.#checkpointer.stop();
  }

  /** What a loaded record holds that the database, or the viewers, may not have yet. */
  #takeOver({ record, isOfLostLog, statusSeq, recordSeq, unsaved }: LoadedUser): void {
    Object.assign(this.#users.written(record.userId) ?? {}, { statusSeq, recordSeq });
    if (isOfLostLog) this.#catchUp.touch(record.userId);
    else this.#catchUp.notePublished(record);
    if (isOfLostLog || record.seq > this.#claim.storedUpTo)
      this.#deps.database.put(this.partition, toRow(record), unsaved, record.seq);
    if (isOfLostLog || !isRetained(record)) this.#checkpointer.changed(record);
  }

  #follow(logger: Logger): Following {
    return follow(this.#deps.bus, {
      stream: STREAM_EVENTS,
      filter: partitionFilter(this.partition),
      from: this.#claim.memory.seq + 1,
      logger,
      onMessage: (message) => this.#apply(message),
      onCaughtUp: () => this.#goLive(),
      checkStart: (from) => this.#checkStart(from),
    });
  }

  async #checkStart(from: number): Promise<number> {
    const { epochs } = this.#deps;
    const { seq, time } = this.#users.memory();
    const found = await epochs.timeAt(seq);
    const fault = faultOf(from - 1, await epochs.logEnds(), { time, found, recorded: this.#recorded });
    if (fault === null) return from;
    await raiseEpoch(epochs, this.#claim, fault);
    throw new Error(`the log was lost: ${fault}`);
  }

  #apply(message: Stored): void {
    const { metrics, refusals } = this.#deps;
    const inbound = readEvent(message);
    this.#lag = message.pending;
    const { publisher } = inbound.message;
    if (inbound.kind !== undefined && inbound.fault !== undefined)
      refusals.unreadable(message, publisher, { kind: inbound.kind, fault: inbound.fault });
    const { admission, changes, outOfStep, silent } = this.#users.apply(inbound);
    if (changes.length > 0) this.#effects.noteLoss(inbound);
    metrics.event(inbound.message.event.type, admission);
    for (const change of changes) this.#effects.carryOut(change);
    if (this.#live) {
      this.#publishers.report(outOfStep);
      this.#publishers.lookAtSilent(silent);
    }
    this.#checkpointer.advanced();
    this.#noteApplied(message);
  }

  #noteApplied({ time, pending }: Stored): void {
    const { bus, board } = this.#deps;
    this.#appliedTime = time;
    const ageMs = pending === 0 ? 0 : (board.brokerTime() ?? time) - time;
    this.#lastApplied = { at: bus.clock.now(), ageMs };
  }

  #goLive(): void {
    if (this.#live) return;
    this.#live = true;
    this.#effects.goLive(this.#users.get);
    this.#checkpointer.start();
    this.#deps.metrics.takeover(this.#claim.sinceOwnerSilent());
    this.#announceCaughtUp();
  }

  /** Statuses and records expire on the broker: what has not changed for long is written anew. */
  #renew(): void {
    const date = this.#deps.board.brokerTime();
    if (!this.#live || date === undefined) return;
    for (const change of this.#users.renew(date)) this.#effects.carryOut(change);
  }
}
