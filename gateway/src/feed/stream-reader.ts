import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { STREAM_STATUS } from "@meeshy/shared/subjects";
import { createInOrder } from "../core/in-order.ts";
import type { Freshness } from "./freshness.ts";
import type { Reconciled } from "./leftovers.ts";
import type { RawStatus, StatusIntake } from "./status-intake.ts";
import type { StreamIdentity } from "./stream-identity.ts";
import { passOverStatuses } from "./stream-pass.ts";

/**
 * Gives the intake every message of the status stream once, in the stream's order: live ones as they come while none is
 * missing; otherwise they are held while the gap is read from the stream.
 */
export interface StreamReader {
  /** A live message, at stream sequence `seq`. */
  receive(seq: number, message: RawStatus): void;
  /** The stream's last values into a new replica; until it is called, live messages are held. */
  load(): Promise<void>;
  /** The stream is another one: reads it anew. */
  reload(): Promise<void>;
  /** Passes on what is missing, then reads the stream anew: who is no longer in it is not known any more. */
  fillInAndReload(): Promise<void>;
  /** Reads what is missing up to the stream's end. These four resolve once nothing is missing, or reading was aborted. */
  fillIn(): Promise<void>;
  isReading(): boolean;
  /** Resolves once every message that has arrived so far is taken in. */
  settled(): Promise<void>;
  /** sequence up to which everything has been taken in */
  seen(): number;
  /** when the stream that was loaded was made; empty: none was */
  streamCreated(): string;
  /** Resolves once the replica is loaded for the first time. */
  loaded: Promise<void>;
  isLoaded(): boolean;
}

export interface StreamReaderDeps {
  bus: Bus;
  intake: StatusIntake;
  identity: StreamIdentity;
  freshness: Pick<Freshness, "doubt">;
  /** What is reconciled by now. */
  reconciledNow: () => Reconciled;
  logger: Logger;
}

const RETRY_MS = 250;
const MAX_HELD = 50_000;

/** Reading ends when `signal` is aborted. */
export function createStreamReader(deps: StreamReaderDeps, signal: AbortSignal): StreamReader {
  const { bus, intake, identity, freshness, logger } = deps;
  const inOrder = createInOrder<RawStatus>({ maxHeld: MAX_HELD });
  const { promise: loaded, resolve: markLoaded } = Promise.withResolvers<void>();
  let streamCreated = "";
  let isLoaded = false;
  let isReading = true;
  let reading: Promise<void> = loaded;

  const endOfStream = () => bus.info(STREAM_STATUS);

  const load = async () => {
    const fresh = intake.startOver(deps.reconciledNow());
    const { created, last: end } = await endOfStream();
    let last = end;
    await passOverStatuses(
      deps,
      "last-values",
      (message) => {
        fresh.take(message.seq, message);
        last = Math.max(last, message.seq);
      },
      signal,
    );
    if (signal.aborted) return;
    fresh.adopt();
    streamCreated = created;
    inOrder.reset(last);
    isLoaded = true;
    markLoaded();
    logger.info({ users: fresh.size(), seq: last }, "statuses loaded");
  };

  const reload = async () => {
    logger.warn({ seen: inOrder.seen() }, "reading the status stream anew");
    inOrder.dropHeld();
    identity.reset();
    freshness.doubt();
    await load();
  };

  /** What the stream holds beside what is known: a status that is newer is a change like any other. */
  const fillInAll = () => passOverStatuses(deps, 1, (message) => intake.take(message.seq, message), signal);

  const fillIn = async () => {
    const recognized = await identity.recognize();
    if (recognized === "other") {
      logger.warn("the status stream is another one");
      return reload();
    }
    if (recognized === "unknown") await fillInAll();
    const awaited = inOrder.highestHeld();
    const target = (await endOfStream()).last;
    if (target < awaited) inOrder.dropHeld(); // of a stream that is gone; the next look finds the new one
    if (target <= inOrder.seen()) return;
    logger.info({ from: inOrder.seen() + 1, target }, "reading missed statuses from the stream");
    await passOverStatuses(
      deps,
      inOrder.seen() + 1,
      (message) => {
        intake.take(message.seq, message);
        inOrder.advance(message.seq);
      },
      signal,
    );
    inOrder.advance(target);
  };

  const fillInAndReload = async () => {
    await fillIn();
    if (!signal.aborted) await reload();
  };

  /** Reads from the stream, while live messages are held; and again until none is missing. */
  const read = (first: () => Promise<void>): Promise<void> => {
    isReading = true;
    reading = readOn(first);
    return reading;
  };

  const readOn = async (first: () => Promise<void>) => {
    for (let step = first; !signal.aborted; ) {
      try {
        await step();
        for (const { seq, message } of inOrder.release()) intake.take(seq, message);
        if (inOrder.highestHeld() === 0) break;
        step = fillIn;
      } catch (error) {
        logger.warn({ err: error }, "cannot read the status stream, will try again");
        await bus.clock.sleep(RETRY_MS, signal);
      }
    }
    isReading = false;
  };

  return {
    receive(seq, message) {
      if (!isReading && !identity.isInDoubt() && seq === inOrder.seen() + 1) {
        inOrder.advance(seq);
        intake.take(seq, message);
      } else {
        inOrder.hold(seq, message);
        if (!isReading) void read(fillIn);
      }
    },
    load: () => read(load),
    reload: () => read(reload),
    fillInAndReload: () => read(fillInAndReload),
    fillIn: () => read(fillIn),
    isReading: () => isReading,
    settled: () => (isReading ? reading : Promise.resolve()),
    seen: inOrder.seen,
    streamCreated: () => streamCreated,
    loaded,
    isLoaded: () => isLoaded,
  };
}
