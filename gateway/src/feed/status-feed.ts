import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ERASED_STATUS_KEPT_MS, LAST_VALUE_MAX_AGE_MS } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { STREAM_STATUS, SUBJECT_STATUS_ALL } from "@meeshy/shared/subjects";
import type { GatewayMetrics } from "../metrics.ts";
import { createFreshness, type Freshness, thisMoment } from "./freshness.ts";
import { reconciledOn } from "./leftovers.ts";
import { createStatusIntake, type IntakeDeps, type StatusIntake } from "./status-intake.ts";
import { createStreamIdentity } from "./stream-identity.ts";
import { createStreamReader, type StreamReader } from "./stream-reader.ts";

/**
 * Keeps a replica of the statuses (ARCHITECTURE "Following the status feed"): live by core subscription,
 * whose stream sequences are consecutive; what a gap, or a look at the stream's end, shows to be missing is
 * read from the stream. Order is the stream's.
 *
 * 1. Load: the stream's last values make a replica; live messages are held meanwhile.
 * 2. Follow: a live message with the next sequence is taken. Any other is held, and the gap before it is
 *    read.
 * 3. Look, once a second: where does the stream end? Not ahead: complete. Ahead, still after 250 ms: what is
 *    missing is read. Earlier than it did, or created anew: everything is read again. After a break of the
 *    link, the messages read last say whether the stream is the same, before anything live is believed.
 *
 * Its parts: the reader puts live and stored messages in order, the identity says whether the stream is still
 * the one that was read, the intake takes messages into the replica and passes changes on, freshness says
 * whether the whole is right. Here, a look once a second proves the replica complete, or makes it so.
 *
 * Invariants: no user's status goes back in one stream. A look proves the replica for the moment before its
 * question, never for the answer's. A replica that is loaded again takes the former one's place as a whole.
 *
 * What fails: without a proof for 3 s, or with the link down for 1 s, the view counts as stale (CONTRACT 4):
 * statuses stay, viewers are notified, and the looks go on until one proves it again. A message that cannot
 * be read is counted, logged and passed over.
 */
export interface StatusFeed
  extends Pick<StatusIntake, "get" | "shown" | "onlineIn" | "absentWithTextIn">,
    Pick<Freshness, "staleSince" | "lagMs">,
    Pick<StreamReader, "isLoaded" | "loaded" | "settled"> {
  /** Calls back with every status that is newer than what was known. */
  onChange: StatusIntake["onChange"];
  /** Calls back with what the directory says anew of a person, with the status before where one was known. */
  onDirectoryNews: StatusIntake["onDirectoryNews"];
  /** Calls back with since when the view may be out of date, ms since 1970; null: it is right again. */
  onStale: Freshness["onChange"];
  /** Ends the looks and the readings under way. */
  stop(): Promise<void>;
}

export interface FeedDeps {
  bus: Bus;
  /** Whether the log can have caused a status of this position; default: always. */
  isPossible?: IntakeDeps["isPossible"];
  /** Its broker time shows for how long a suspended machine, whose monotonic clock stood still, was out of reach. */
  board: Pick<LeaseBoard, "get" | "brokerTime">;
  metrics: GatewayMetrics;
  logger: Logger;
}

const LOOK_EVERY_MS = 1_000;
/** Time that a message known to be stored has to arrive live before it is fetched. */
const LIVE_WITHIN_MS = 250;
/** After so long a break a user's last status may have come and gone unread. The rest is time to read it. */
const RELOAD_AFTER_MS = 0.9 * Math.min(ERASED_STATUS_KEPT_MS, LAST_VALUE_MAX_AGE_MS);
const FORGET_EVERY_LOOKS = 3_600;

export function createStatusFeed(deps: FeedDeps): StatusFeed {
  const { bus, isPossible = () => true, board, metrics, logger } = deps;
  const { clock } = bus;
  const ending = new AbortController();
  const { signal } = ending;
  const identity = createStreamIdentity(bus);
  const freshness = createFreshness(bus);
  const intake = createStatusIntake({ note: identity.note, isPossible, metrics, logger });
  const reconciledNow = () => reconciledOn(board);
  const reader = createStreamReader({ bus, intake, identity, freshness, reconciledNow, logger }, signal);

  const subscription = bus.subscribe(SUBJECT_STATUS_ALL, (message) => {
    // What carries no sequence was not stored, only sent to the subject.
    if (message.seq !== undefined) reader.receive(message.seq, message);
  });

  const timeNow = () => ({ own: clock.now(), broker: board.brokerTime() });
  /** when the view held all that was stored */
  let complete = timeNow();
  /** For how long it may not have, by the clock that shows more, ms. */
  const outOfReachFor = ({ own, broker }: typeof complete) =>
    Math.max(own - complete.own, (broker ?? 0) - (complete.broker ?? broker ?? 0));

  /** Proves the view complete, or makes it so. */
  const check = async () => {
    const asked = thisMoment(clock);
    const askedAt = timeNow();
    const reconciled = reconciledNow();
    const seen = reader.seen(); // of now: live messages may overtake the answer
    const { created, last } = await bus.info(STREAM_STATUS);
    if (reader.isReading()) return;
    if (created !== reader.streamCreated() || last < seen) {
      logger.warn({ seen, last }, "the status stream ends earlier than it did, or was made anew");
      await reader.reload();
    } else if (outOfReachFor(askedAt) > RELOAD_AFTER_MS) {
      logger.warn({ ms: outOfReachFor(askedAt) }, "the status stream was out of reach for long");
      await reader.fillInAndReload();
    } else if (identity.isInDoubt()) {
      await reader.fillIn();
    } else if (last > reader.seen()) {
      await clock.sleep(LIVE_WITHIN_MS, signal);
      if (reader.isReading()) return;
      if (last > reader.seen()) await reader.fillIn();
    }
    if (signal.aborted) return;
    complete = askedAt;
    intake.endLeftovers(reconciled);
    freshness.prove(asked);
  };

  const keepUp = async () => {
    await reader.load();
    for (let looks = 1; !signal.aborted; looks++) {
      try {
        await check();
        if (looks % FORGET_EVERY_LOOKS === 0) intake.forgetBefore((await bus.info(STREAM_STATUS)).first);
      } catch (error) {
        logger.debug({ err: error }, "cannot look at the status stream");
      }
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  };
  const keepingUp = keepUp();

  return {
    get: intake.get,
    shown: intake.shown,
    onlineIn: intake.onlineIn,
    absentWithTextIn: intake.absentWithTextIn,
    onChange: intake.onChange,
    onDirectoryNews: intake.onDirectoryNews,
    onStale: freshness.onChange,
    staleSince: freshness.staleSince,
    lagMs: freshness.lagMs,
    isLoaded: reader.isLoaded,
    loaded: reader.loaded,
    settled: reader.settled,
    async stop() {
      ending.abort();
      subscription.unsubscribe();
      identity.stop();
      freshness.stop();
      await keepingUp;
    },
  };
}
