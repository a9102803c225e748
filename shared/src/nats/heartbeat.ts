import { AckLost, type Bus, isConflict, type LastValue } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { BUCKET_LEASES } from "../subjects.ts";
import { versioned } from "../versions.ts";
import { fromBytesOrNone } from "./last-value.ts";
import type { LeaseBoard } from "./lease-board.ts";
import { bucketStream, keySubject } from "./streams.ts";

export interface HeartbeatOptions {
  /** of this life of the process alone: no later life beats under it */
  key: string;
  everyMs: number;
  /** the value of the n-th beat */
  value: (beat: number) => object;
  /**
   * Called once, and no beat follows: another process declared this one lost, by its own value under the
   * key or by removing it (`undefined`).
   */
  onForeign: (value: unknown) => void;
  logger: Logger;
}

/** How long the marker of a key that was removed stays; without it, silence for half of that means the same. */
export const MARKER_KEPT_MS = 3_600_000;

export interface Heartbeat {
  /**
   * Resolves after the first beat has been stored; never, when another declared this process lost before.
   * Never rejects.
   */
  started: Promise<void>;
  /** when the last stored beat was sent, by this process' monotonic clock; 0: never */
  lastStoredAt(): number;
  /** since when a beat waits to be stored, this one or one before it that never was; monotonic ms */
  waitingSince(): number | undefined;
  /**
   * Writes the value of now, for a change that others should see at once. Resolves when that was tried; a
   * failure is logged, and the next beat tries again.
   */
  beat(): Promise<void>;
  /**
   * Ends the beats and removes the key, or leaves it, so that others will find this process lost. Waits for
   * the beat under way. A key that cannot be removed is logged: it never rejects.
   */
  stop(options?: { keepKey?: boolean }): Promise<void>;
}

/** Own values that a lost ack may have left under the key: those of a long outage. */
const REMEMBERED = 256;
/** A lost acknowledgement, the conflict with the beat that was stored all the same, and the beat that comes through. */
const ATTEMPTS = 3;

/**
 * Keeps one key of the lease board changing, by compare-and-set, from now on (ARCHITECTURE "Leases and
 * takeover"). A refused write is first of all one's own lost ack: only a value that this process did not
 * write is foreign.
 */
export function createHeartbeat(
  bus: Bus,
  board: Pick<LeaseBoard, "put" | "remove">,
  options: HeartbeatOptions,
): Heartbeat {
  const { key, logger } = options;
  const { clock } = bus;
  let revision = 0;
  let beats = 0;
  let storedAt = 0;
  let waitingSince: number | undefined;
  let stopped = false;
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let markStarted: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    markStarted = resolve;
  });
  const own = createOwnValues();

  const foreign = (value: unknown) => {
    stopped = true;
    timer.cancel();
    logger.warn({ key, value }, "declared lost by another");
    options.onForeign(value);
  };

  const noteStored = (seq: number, sentAt: number) => {
    revision = seq;
    storedAt = sentAt;
    waitingSince = undefined;
    markStarted();
  };
  /** On a slow link every answer may come too late: without it each later beat would be refused. */
  const noteLate = (seq: number, sentAt: number) => {
    if (!stopped && seq > revision) noteStored(seq, sentAt);
  };

  const adopt = (last: LastValue | undefined) => {
    if (stopped) return;
    // Without a trace of the key the bucket is a new one, or this process stood still until the marker was gone; a
    // marker was written by another.
    if (last === undefined && storedAt > 0 && clock.now() - storedAt > MARKER_KEPT_MS / 2) foreign(undefined);
    else if (last === undefined) revision = 0;
    // An earlier beat: of a replica that lags behind, or of a store put back. What others write comes after the last.
    else if (last.seq <= revision) revision = last.seq;
    else if (last.deleted && storedAt > 0) foreign(undefined);
    else if (last.deleted || own.has(last)) revision = last.seq;
    else foreign(fromBytesOrNone(last.data));
  };

  const write = async () => {
    const value = versioned("heartbeat", options.value(++beats));
    waitingSince ??= clock.now();
    own.add(value);
    for (let attempt = 1; !stopped; attempt++) {
      const sentAt = clock.now();
      const expected = revision;
      try {
        noteStored(await board.put(key, value, expected, (seq) => noteLate(seq, sentAt)), sentAt);
        return;
      } catch (error) {
        if (isConflict(error)) {
          // With an attempt before, whose answer came meanwhile: then it says nothing of others.
          if (revision === expected) adopt(await lastOf(bus, key));
        } else if (!(error instanceof AckLost) || !bus.isUp()) throw error;
        if (attempt === ATTEMPTS) return;
      }
    }
  };

  const start = (): Promise<void> => {
    if (stopped) return Promise.resolve();
    writing = write()
      .catch((error) => logger.warn({ key, err: error }, "heartbeat not stored"))
      .finally(() => {
        writing = undefined;
      });
    return writing;
  };

  const beat = (): Promise<void> => {
    if (!writing) return start();
    next ??= writing.then(() => {
      next = undefined;
      return start();
    });
    return next;
  };

  const remove = async () => {
    try {
      await board.remove(key, revision);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const last = await lastOf(bus, key);
      if (last && !last.deleted && own.has(last)) await board.remove(key, last.seq);
    }
  };

  const timer = clock.every(options.everyMs, () => {
    if (!writing) void start();
  });
  // A process that was declared lost while the link was down must find out at once.
  const forgetLink = bus.onChange((up) => {
    if (up && !stopped) void beat();
  });
  void start();

  return {
    started,
    lastStoredAt: () => storedAt,
    waitingSince: () => waitingSince,
    beat,
    async stop({ keepKey = false } = {}) {
      timer.cancel();
      forgetLink();
      const wasForeign = stopped;
      stopped = true;
      await writing;
      if (!wasForeign && !keepKey)
        await remove().catch((error) => logger.warn({ key, err: error }, "heartbeat not removed"));
    },
  };
}

const lastOf = (bus: Pick<Bus, "lastValue">, key: string) =>
  bus.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, key), "leader");

/** The values written last, by which a process knows its own under the key. */
function createOwnValues() {
  const written = new Set<string>();
  return {
    add(value: object) {
      written.add(JSON.stringify(value));
      if (written.size > REMEMBERED) written.delete(written.values().next().value as string);
    },
    has: (last: LastValue) => written.has(JSON.stringify(fromBytesOrNone(last.data))),
  };
}
