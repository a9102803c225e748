import type { Epoch } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus, StreamInfo } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { decideEpoch, faultOfStored, type LogEnds, madeAnew, type Remembered } from "../core/epoch.ts";
import type { ReportUnreadable } from "../io/unreadable.ts";
import { Doubts } from "./doubts.ts";
import { KnownEpoch } from "./known-epoch.ts";
import { agesOf, StreamsView } from "./streams-view.ts";

/** Holds the epoch of the log, and begins a new one when the log was lost or shortened. */
export interface EpochKeeper {
  /** The epoch that the lease bucket names; `undefined` while it names none that can be right. */
  current(): Epoch | undefined;
  /** Where the log begins and ends, by a read that begins after this call. */
  logEnds(): Promise<LogEnds>;
  /** broker time of the message at this log sequence, ms; `undefined` when there is none */
  timeAt(seq: number): Promise<number | undefined>;
  /** Begins a new epoch because this one cannot go on; another worker may have done so already. */
  raise(epoch: number, reason: string): Promise<void>;
  /**
   * What has to be awaited before statuses or records of this epoch may be written; `undefined`: nothing. After a
   * break of the link, or {@link doubt}, the streams may be others than those of the epoch: what an owner of the
   * lost log wrote into them would be taken over into the next epoch. Rejects with {@link EpochOver}.
   */
  permit(epoch: number): Promise<void> | undefined;
  /** Something that had been written is gone: nothing is written before the streams have been compared again. */
  doubt(): void;
  /** A message of this epoch was stored at this sequence: a stream that ends before it is not the one it was stored in. */
  stored(stream: string, epoch: number, seq: number): void;
  /**
   * The database refused rows because it holds this state: where nothing of this epoch can ever replace it, an epoch
   * begins whose states can.
   */
  overtake(stored: { epoch: number; version: number }): Promise<void>;
  close(): void;
}

/** Another epoch has begun: what was to be written belongs to a lost log. */
export class EpochOver extends Error {
  constructor(epoch: number) {
    super(`epoch ${epoch} is over`);
    this.name = "EpochOver";
  }
}

export interface EpochDeps {
  bus: Bus;
  board: LeaseBoard;
  /** the highest log position that the database remembers; rejects while it is away */
  remembered: () => Promise<Remembered | undefined>;
  report: ReportUnreadable;
  /** of each stream */
  replicas: number;
  logger: Logger;
}

const RETRY_MS = 200;
const LOOK_MS = 500;
/** While a leader is elected a question may get no answer: the next is asked all the same. */
const LOOKS_AT_ONCE = 4;

/** Resolves when the epoch is known; waits for the database only when the leases are gone. */
export async function createEpochKeeper(deps: EpochDeps): Promise<EpochKeeper> {
  const keeper = new LookingKeeper(deps);
  await keeper.start();
  return keeper;
}

class LookingKeeper implements EpochKeeper {
  readonly #deps: EpochDeps;
  readonly #known: KnownEpoch;
  readonly #streams: StreamsView;
  readonly #doubts = new Doubts();
  /** what has to be ended with the keeper */
  readonly #endings: (() => void)[] = [];
  /** log sequences up to which streams are known to hold messages of the epoch seen last */
  #storedUpTo = { epoch: 0, streams: new Map<string, number>() };
  #looking = 0;
  #isSettling = false;
  #isOvertaking = false;

  constructor(deps: EpochDeps) {
    this.#deps = deps;
    this.#known = new KnownEpoch(deps);
    this.#streams = new StreamsView(deps.bus);
  }

  /** Settles which epoch this is; from then on looks whether the streams are still its own. */
  async start(): Promise<void> {
    const { bus, board, replicas } = this.#deps;
    await this.#settle();
    this.#known.current();
    const timer = bus.clock.every(LOOK_MS, () => void this.#look());
    this.#endings.push(() => timer.cancel());
    // In a cluster a link breaks with one node, and the streams live on: there the look of every half second is enough.
    if (replicas <= 1) this.#endings.push(bus.onChange(this.doubt));
    const onBoard = (key: string) => {
      if (key === leaseKeys.epoch) this.#doubts.recheck();
    };
    this.#endings.push(board.onChange(onBoard));
  }

  close(): void {
    for (const end of this.#endings) end();
  }

  current(): Epoch | undefined {
    return this.#known.current();
  }

  logEnds(): Promise<LogEnds> {
    return this.#streams.logEnds();
  }

  async timeAt(seq: number): Promise<number | undefined> {
    return seq === 0 ? undefined : (await this.#deps.bus.messageAt(STREAM_EVENTS, seq))?.time;
  }

  permit(epoch: number): Promise<void> | undefined {
    if (this.#doubts.isAnswered() && this.#known.latest()?.epoch === epoch) return undefined;
    return this.#permitted(epoch);
  }

  doubt = (): void => {
    this.#doubts.raise();
    void this.#look();
  };

  stored(stream: string, epoch: number, seq: number): void {
    if (epoch > this.#storedUpTo.epoch) this.#storedUpTo = { epoch, streams: new Map() };
    const { streams } = this.#storedUpTo;
    if (epoch === this.#storedUpTo.epoch && seq > (streams.get(stream) ?? 0)) streams.set(stream, seq);
  }

  async raise(epoch: number, reason: string, next = epoch + 1): Promise<void> {
    if ((this.#known.named()?.epoch ?? 0) > epoch) return;
    const basis = this.#known.basis();
    const [{ last }, streams] = await Promise.all([this.logEnds(), this.#streams.ages()]);
    await this.#known.write({ epoch: next, from: last + 1, streams }, reason, basis);
  }

  async overtake(stored: { epoch: number; version: number }): Promise<void> {
    const { logger } = this.#deps;
    const epoch = this.current();
    if (epoch === undefined || this.#isOvertaking) return;
    this.#isOvertaking = true;
    try {
      const fault = faultOfStored(epoch, await this.logEnds(), stored);
      if (fault === null || this.current()?.epoch !== epoch.epoch) return;
      logger.error(
        { ...epoch, stored },
        "the database is ahead of this epoch: its rows follow after a new one begins",
      );
      await this.raise(epoch.epoch, fault, stored.epoch + 1);
    } catch (error) {
      logger.warn({ err: error, stored }, "the database is ahead of this epoch, which goes on for now");
    } finally {
      this.#isOvertaking = false;
    }
  }

  /** Begins an epoch if the one that is named cannot be right, and goes on until one can. */
  async #settle(): Promise<void> {
    for (;;) {
      const before = this.#known.named();
      const basis = this.#known.basis();
      try {
        const remembered = await this.#remember(before);
        const decision = decideEpoch(before, remembered, await this.logEnds(), await this.#streams.ages());
        if (decision.raised === null) return;
        await this.#known.write(decision.epoch, decision.raised, basis);
      } catch (error) {
        this.#deps.logger.warn({ err: error }, "the epoch is not known yet");
      }
      await this.#deps.bus.clock.sleep(RETRY_MS);
    }
  }

  async #remember(epoch: Epoch | null): Promise<Remembered | undefined> {
    try {
      const stored = await this.#deps.remembered();
      const seen = this.#known.latest();
      if (seen === undefined || (stored?.epoch ?? 0) >= seen.epoch) return stored;
    } catch (error) {
      if (epoch === null && this.#known.latest() === undefined) throw error;
    }
    const latest = this.#known.latest();
    return latest && { epoch: latest.epoch, seq: 0 };
  }

  async #look(): Promise<void> {
    if (this.#looking >= LOOKS_AT_ONCE || this.#isSettling || !this.#deps.bus.isUp()) return;
    this.#looking++;
    const asked = this.#doubts.count();
    try {
      const epoch = this.current();
      if (epoch === undefined) await this.#settleAgain();
      else await this.#compareStreams(epoch, asked);
    } catch (error) {
      this.#deps.logger.debug({ err: error }, "streams not looked at, will be");
    } finally {
      this.#looking--;
      if (!this.#doubts.isAnswered() && asked < this.#doubts.count()) void this.#look();
    }
  }

  async #settleAgain(): Promise<void> {
    this.#isSettling = true;
    await this.#settle().finally(() => {
      this.#isSettling = false;
    });
  }

  async #compareStreams(epoch: Epoch, asked: number): Promise<void> {
    const stored = this.#storedUpTo;
    // What is stored while the streams are asked is not in their answers.
    const storedBefore = stored.epoch === epoch.epoch ? new Map(stored.streams) : new Map();
    const infos = await this.#streams.infos();
    const fault = madeAnew(epoch, agesOf(infos)) ?? putBack(infos, storedBefore);
    if (fault === null) this.#doubts.answer(asked);
    else await this.raise(epoch.epoch, fault);
  }

  async #permitted(epoch: number): Promise<void> {
    for (;;) {
      if ((this.current()?.epoch ?? epoch) > epoch) throw new EpochOver(epoch);
      if (this.#doubts.isAnswered()) return;
      await this.#doubts.changed();
    }
  }
}

/** Which stream ends before what is known to be stored in it, in words; null: none. */
function putBack(infos: readonly StreamInfo[], storedUpTo: ReadonlyMap<string, number>): string | null {
  const found = infos.find(({ definition, last }) => last < (storedUpTo.get(definition.name) ?? 0));
  return found ? `${found.definition.name} was put back to an earlier state` : null;
}
