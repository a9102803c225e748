import { type Epoch, epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream } from "@meeshy/shared/nats/streams";
import { type Bus, isConflict, type StreamInfo } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, leaseKeys, STREAM_EVENTS, STREAM_STATUS } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import {
  decideEpoch,
  faultOfStored,
  type LogEnds,
  madeAnew,
  type Remembered,
  type StreamAges,
} from "../core/epoch.ts";
import type { ReportUnreadable } from "../io/unreadable.ts";

/** Knows which life of the log this is, and begins a new one when the log was lost or shortened. */
export interface EpochKeeper {
  /** The epoch that the lease bucket names; `undefined` while it names none that can be right. */
  current(): Epoch | undefined;
  /** Where the log begins and ends, by a look that begins after the question. */
  logEnds(): Promise<LogEnds>;
  /** broker time of the message at this log sequence, ms; `undefined` when there is none */
  timeAt(seq: number): Promise<number | undefined>;
  /** Begins a new epoch because this one cannot go on; somebody else may have done so already. */
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

/** One look at the log serves every partition that asks within this time before it. */
const GATHER_MS = 20;
const RETRY_MS = 200;
const LOOK_MS = 500;
/** While a leader is elected a question may get no answer: the next is asked all the same. */
const LOOKS_AT_ONCE = 4;
/** What is lost with one of these, gateways and the log can tell again; the leases tell their loss themselves. */
const STREAMS = [STREAM_EVENTS, STREAM_STATUS, bucketStream(BUCKET_STATE)];

/** Resolves when the epoch is known; waits for the database only when the leases are gone. */
export async function createEpochKeeper({
  bus,
  board,
  remembered,
  report,
  logger,
  replicas,
}: EpochDeps): Promise<EpochKeeper> {
  const { clock } = bus;
  let nextLook: Promise<LogEnds> | undefined;
  const logEnds = (): Promise<LogEnds> => {
    nextLook ??= clock.sleep(GATHER_MS).then(async () => {
      nextLook = undefined;
      const { first, last } = await bus.info(STREAM_EVENTS);
      return { first, last };
    });
    return nextLook;
  };
  const streamInfos = () => Promise.all(STREAMS.map((name) => bus.info(name)));
  const streamAges = async (): Promise<StreamAges> => agesOf(await streamInfos());
  const known = (): Epoch | null => epochSchema.safeParse(board.get(leaseKeys.epoch)?.value).data ?? null;
  /** `revision` is that of the epoch which the decision was made about: of several who decide, one writes. */
  const revisionNow = () => board.get(leaseKeys.epoch)?.revision ?? 0;
  const write = async (epoch: Epoch, reason: string, revision: number) => {
    if (isLater("epoch", board.get(leaseKeys.epoch)?.value)) {
      report("epoch", leaseKeys.epoch, revision, `a later release begins the next epoch: ${reason}`);
      return;
    }
    try {
      await board.put(leaseKeys.epoch, versioned("epoch", epoch), revision);
      logger.warn({ ...epoch, reason }, "a new epoch begins");
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  };

  /** the latest epoch that this process has seen: a lease bucket that names an older one, or none, was lost */
  let latest: Epoch | undefined;
  const settled = (): Epoch | undefined => {
    const epoch = known();
    if (epoch === null || epoch.epoch < (latest?.epoch ?? 0)) return undefined;
    latest = epoch;
    return epoch;
  };

  const remember = async (epoch: Epoch | null): Promise<Remembered | undefined> => {
    try {
      const stored = await remembered();
      if (latest === undefined || (stored?.epoch ?? 0) >= latest.epoch) return stored;
    } catch (error) {
      if (epoch === null && latest === undefined) throw error;
    }
    return latest && { epoch: latest.epoch, seq: 0 };
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      const before = known();
      const revision = revisionNow();
      try {
        const decision = decideEpoch(before, await remember(before), await logEnds(), await streamAges());
        if (decision.raised === null) return;
        await write(decision.epoch, decision.raised, revision);
      } catch (error) {
        logger.warn({ err: error }, "the epoch is not known yet");
      }
      await clock.sleep(RETRY_MS);
    }
  };

  const raise = async (epoch: number, reason: string, next = epoch + 1): Promise<void> => {
    if ((known()?.epoch ?? 0) > epoch) return;
    const revision = revisionNow();
    const [{ last }, streams] = await Promise.all([logEnds(), streamAges()]);
    await write({ epoch: next, from: last + 1, streams }, reason, revision);
  };

  let isOvertaking = false;
  const overtake = async (stored: { epoch: number; version: number }): Promise<void> => {
    const epoch = settled();
    if (epoch === undefined || isOvertaking) return;
    isOvertaking = true;
    try {
      const fault = faultOfStored(epoch, await logEnds(), stored);
      if (fault === null || settled()?.epoch !== epoch.epoch) return;
      logger.error(
        { ...epoch, stored },
        "the database is ahead of this epoch: its rows follow after a new one begins",
      );
      await raise(epoch.epoch, fault, stored.epoch + 1);
    } catch (error) {
      logger.warn({ err: error, stored }, "the database is ahead of this epoch, which goes on for now");
    } finally {
      isOvertaking = false;
    }
  };

  /** grows with every reason to doubt that the streams are those of the epoch; a look answers those before it */
  let doubts = 0;
  let answered = 0;
  let waiting = Promise.withResolvers<void>();
  const answer = (upTo: number) => {
    answered = upTo;
    waiting.resolve();
    waiting = Promise.withResolvers();
  };
  const doubt = () => {
    doubts++;
    void look();
  };

  /** of the epoch that this process has seen last */
  let storedUpTo = { epoch: 0, streams: new Map<string, number>() };
  let looking = 0;
  let isSettling = false;
  const look = async () => {
    if (looking >= LOOKS_AT_ONCE || isSettling || !bus.isUp()) return;
    looking++;
    const asked = doubts;
    try {
      const epoch = settled();
      if (epoch === undefined) {
        isSettling = true;
        await settle().finally(() => {
          isSettling = false;
        });
      } else {
        // What is stored while the streams are asked is not in their answers.
        const storedBefore = storedUpTo.epoch === epoch.epoch ? new Map(storedUpTo.streams) : new Map();
        const infos = await streamInfos();
        const fault = madeAnew(epoch, agesOf(infos)) ?? putBack(infos, storedBefore);
        if (fault === null) answer(Math.max(asked, answered));
        else await raise(epoch.epoch, fault);
      }
    } catch (error) {
      logger.debug({ err: error }, "streams not looked at, will be");
    } finally {
      looking--;
      if (answered < doubts && asked < doubts) void look();
    }
  };
  const permitted = async (epoch: number) => {
    for (;;) {
      if ((settled()?.epoch ?? epoch) > epoch) throw new EpochOver(epoch);
      if (answered === doubts) return;
      await waiting.promise;
    }
  };
  await settle();
  settled();
  const timer = clock.every(LOOK_MS, () => void look());
  // In a cluster a link breaks with one node, and the streams live on: there the look of every half second is enough.
  const forgetLink = replicas > 1 ? () => {} : bus.onChange(doubt);
  const forgetBoard = board.onChange((key) => {
    if (key === leaseKeys.epoch) answer(answered);
  });

  return {
    current: settled,
    logEnds,
    async timeAt(seq) {
      return seq === 0 ? undefined : (await bus.messageAt(STREAM_EVENTS, seq))?.time;
    },
    raise,
    permit: (epoch) => (answered === doubts && latest?.epoch === epoch ? undefined : permitted(epoch)),
    doubt,
    stored(stream, epoch, seq) {
      if (epoch > storedUpTo.epoch) storedUpTo = { epoch, streams: new Map() };
      const { streams } = storedUpTo;
      if (epoch === storedUpTo.epoch && seq > (streams.get(stream) ?? 0)) streams.set(stream, seq);
    },
    close() {
      timer.cancel();
      forgetLink();
      forgetBoard();
    },
    overtake,
  };
}

const agesOf = (infos: readonly StreamInfo[]): StreamAges =>
  Object.fromEntries(infos.map(({ definition, created }) => [definition.name, created]));

/** Which stream ends before what is known to be stored in it, in words; null: none. */
function putBack(infos: readonly StreamInfo[], storedUpTo: ReadonlyMap<string, number>): string | null {
  const found = infos.find(({ definition, last }) => last < (storedUpTo.get(definition.name) ?? 0));
  return found ? `${found.definition.name} was put back to an earlier state` : null;
}
