import type { NatsConnection } from "@nats-io/nats-core";
import { isCanaryId } from "../ids.ts";
import { createGate } from "../nats/gate.ts";
import { fromBytes } from "../nats/last-value.ts";
import { readLastValue } from "../nats/read-last-value.ts";
import type { StatusMessage } from "../status.ts";
import { readableStatusSchema } from "../status-schema.ts";
import { STREAM_STATUS, SUBJECT_STATUS_ALL, statusSetSubject, statusSubject } from "../subjects.ts";
import { createNewest } from "./newest.ts";

export interface Watch {
  /**
   * Resolves when the present status of every named person has been delivered, or the watch is stopped; never
   * rejects.
   */
  ready: Promise<void>;
  /** Nothing is delivered any more. */
  stop(): void;
}

export interface WatchOptions {
  nc: NatsConnection;
  /** absent: all users, from now on */
  userIds: readonly string[] | undefined;
  /** What it throws goes to `onError`, and the watch goes on. */
  onStatus: (status: StatusMessage) => void;
  onError: (error: unknown) => void;
}

export interface WatchHandle extends Watch {
  /** Reads again what may have been missed. */
  catchUp(): void;
}

const READS_AT_ONCE = 64;
const READ_MS = 1_000;
const RETRY_MS = 500;
/** Time after which the absence of a person last delivered as online is believed: a replica may lag behind. */
const ABSENT_AGAIN_MS = 1_000;
/** Live messages may be lost without a sign between the servers of a cluster. */
const LOOK_EVERY_MS = 30_000;

/**
 * Follows statuses live, and reads last values after the subscription stands: at the start, after each break
 * and every 30 s. Both go through {@link createNewest}, so there is no gap and no way back. A read that fails
 * is tried again after 500 ms.
 * @throws {RangeError} one of `userIds` is empty or too long
 */
export function watch({ nc, userIds, onStatus, onError }: WatchOptions): WatchHandle {
  const newest = createNewest();
  const gate = createGate(READS_AT_ONCE);
  /** last delivered as online and found absent once */
  const suspects = new Set<string>();
  let stopped = false;
  let isReading = false;
  let isWantedAgain = false;
  let retry: NodeJS.Timeout | undefined;

  const deliver = (status: StatusMessage) => {
    try {
      onStatus(status);
    } catch (error) {
      onError(error);
    }
  };
  const take = (data: Uint8Array) => {
    try {
      const status = readableStatusSchema.parse(fromBytes(data));
      if (!stopped && !isCanaryId(status.userId) && newest.take(status)) deliver(status);
    } catch (error) {
      onError(error);
    }
  };

  const subscriptions = (userIds?.map(statusSubject) ?? [SUBJECT_STATUS_ALL]).map((subject) =>
    nc.subscribe(subject, {
      callback: (error, message) => (error ? onError(error) : take(message.data)),
    }),
  );

  const believeAbsent = (userId: string) => {
    if (newest.get(userId)?.isOnline && !suspects.has(userId)) {
      suspects.add(userId);
      later(ABSENT_AGAIN_MS);
      return;
    }
    suspects.delete(userId);
    const status = newest.takeAbsence(userId);
    if (status) deliver(status);
  };

  const read = async (userId: string) => {
    const before = newest.get(userId);
    const last = await readLastValue(nc, STREAM_STATUS, statusSetSubject(userId), READ_MS);
    if (stopped) return;
    if (last && !last.deleted) {
      suspects.delete(userId);
      take(last.data);
      // A live status that came meanwhile is newer than the absence.
    } else if (newest.get(userId) === before) believeAbsent(userId);
  };

  // `Promise.withResolvers` is newer than Node 20, on which this runs in other teams' processes.
  let markReady = () => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const readAll = async () => {
    await nc.flush();
    const all = userIds ?? newest.userIds();
    await Promise.all(all.map((userId) => gate.run(() => (stopped ? Promise.resolve() : read(userId)))));
    markReady();
  };

  /** One at a time; what is wanted meanwhile is done again. */
  const catchUp = () => {
    isWantedAgain = isReading;
    if (stopped || isReading) return;
    isReading = true;
    readAll()
      .catch((error) => {
        if (stopped || nc.isClosed()) return;
        onError(error);
        later(RETRY_MS);
      })
      .finally(() => {
        isReading = false;
        if (isWantedAgain) catchUp();
      });
  };
  const later = (ms: number) => {
    clearTimeout(retry);
    retry = setTimeout(catchUp, ms);
    retry.unref();
  };

  const timer = setInterval(catchUp, LOOK_EVERY_MS);
  timer.unref();
  catchUp();
  return {
    ready,
    catchUp,
    stop() {
      stopped = true;
      markReady();
      clearInterval(timer);
      clearTimeout(retry);
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
