import type { Gate } from "@meeshy/shared/nats/gate";
import { compareAndSet, fromBytesOrNone, toBytes } from "@meeshy/shared/nats/last-value";
import { type Bus, isConflict, isTooLarge, type LastValue } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import {
  compareVersions,
  type StatusMessage,
  statusMessageSchema,
  userStatusSchema,
} from "@meeshy/shared/status";
import { STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import type { Written } from "../core/partition.ts";
import type { WritePermit } from "./record-store.ts";

/** Publishes statuses, each user's in order and one at a time; a newer one replaces one that still waits. */
export interface StatusWriter {
  put(status: StatusMessage): void;
  /** Resolves once everything put so far for these users is stored, or superseded by a newer owner. */
  settled(userIds: Iterable<string>): Promise<void>;
  close(): void;
}

interface Lane {
  waiting: StatusMessage | null;
  idle: Promise<void>;
}

const RETRY_MS = 200;
const positionSchema = userStatusSchema.pick({ epoch: true, version: true });

export interface StatusWriterOptions {
  bus: Bus;
  /** bounds the writes under way, so that their acknowledgements come in time */
  gate: Gate;
  logger: Logger;
  /** where the sequence of a user's last status is noted; `undefined` of a user who is not held */
  writtenOf: (userId: string) => Written | undefined;
  /** A newer status stood there already: another owner may be at work. */
  onForeign: () => void;
  /** What stood there cannot be read; `isKept`: it is newer, or of a later release, and stays. */
  onUnreadable: (subject: string, revision: number, isKept: boolean) => void;
  writing: WritePermit;
  /** A status did not fit as a whole. */
  onOversize: () => void;
}

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { bus, gate, logger, writtenOf, onForeign, onUnreadable, writing, onOversize } = options;
  const lanes = new Map<string, Lane>();
  /** whose status did not fit when it was last stored */
  const oversized = new Set<string>();
  let closed = false;

  const note = (userId: string, seq: number) => {
    const written = writtenOf(userId);
    if (written) written.statusSeq = seq;
  };

  /** What to write in view of what stands there; `null`: nothing. */
  const adopt = (status: StatusMessage, last: LastValue | undefined): StatusMessage | null => {
    if (last === undefined) return status;
    const value = fromBytesOrNone(last.data);
    const found = statusMessageSchema.safeParse(value).data;
    if (found === undefined) return adoptUnreadable(status, value, last.seq);
    const order = compareVersions(found, status);
    if (order > 0 && status.version > 0) onForeign();
    if (order < 0) return status;
    if (found.directoryVersion >= status.directoryVersion) return null;
    return order === 0 ? status : withPersonOf(found, status);
  };

  const report = (userId: string, conversations: number) => {
    onOversize();
    if (!oversized.has(userId))
      logger.error(
        { userId, conversations },
        "status over the broker's limit, stored for fewer conversations",
      );
    oversized.add(userId);
  };

  /**
   * Of what cannot be read as a whole, epoch and version still say which is newer. Without them the owner's own view
   * counts, unless a later release wrote it.
   */
  const adoptUnreadable = (status: StatusMessage, value: unknown, seq: number): StatusMessage | null => {
    const position = positionSchema.safeParse(value).data;
    const order = position === undefined ? 0 : compareVersions(position, status);
    const isKept = order > 0 || (order === 0 && isLater("status", value));
    onUnreadable(statusSetSubject(status.userId), seq, isKept);
    if (order > 0 && status.version > 0) onForeign();
    return isKept ? null : status;
  };

  const store = async (whole: StatusMessage): Promise<void> => {
    const { userId } = whole;
    const subject = statusSetSubject(userId);
    let given = whole;
    let status = given;
    let expected = writtenOf(userId)?.statusSeq ?? 0;
    while (!closed) {
      const permit = writing.permit();
      if (permit && !(await granted(permit))) return;
      try {
        const ack = await gate.run(() =>
          compareAndSet(bus, subject, toBytes(versioned("status", status)), expected),
        );
        note(userId, ack.seq);
        writing.stored(ack.seq);
        if (given === whole) oversized.delete(userId);
        return;
      } catch (error) {
        try {
          if (isConflict(error)) {
            const last = await gate.run(() => bus.lastValue(STREAM_STATUS, subject));
            if (last === undefined && expected > 0) writing.doubt();
            expected = last?.seq ?? 0;
            note(userId, expected);
            const adopted = adopt(given, last);
            if (adopted === null) return;
            status = adopted;
            continue;
          }
          if (isTooLarge(error)) {
            const { conversationIds } = given;
            report(userId, conversationIds.length);
            if (conversationIds.length === 0) return;
            // In those left out the person reads as one who is no member: offline, not a ghost.
            given = { ...given, conversationIds: conversationIds.slice(0, conversationIds.length >> 1) };
            status = given;
            continue;
          }
          logger.debug({ subject, err: error }, "status not acknowledged, trying again");
        } catch (reading) {
          logger.debug({ subject, err: reading }, "status not readable, trying again");
        }
        await bus.clock.sleep(RETRY_MS);
      }
    }
  };

  const drain = async (userId: string, lane: Lane) => {
    while (lane.waiting !== null && !closed) {
      const status = lane.waiting;
      lane.waiting = null;
      await store(status);
    }
    if (lanes.get(userId) === lane) lanes.delete(userId);
  };

  return {
    put(status) {
      const lane = lanes.get(status.userId);
      if (lane) {
        lane.waiting = status;
        return;
      }
      const fresh: Lane = { waiting: status, idle: Promise.resolve() };
      lanes.set(status.userId, fresh);
      fresh.idle = drain(status.userId, fresh);
    },
    async settled(userIds) {
      for (const userId of userIds) await lanes.get(userId)?.idle;
    },
    close() {
      closed = true;
    },
  };
}

/** A newer status with what the directory says since: of a user without a record, the stored status is all there is. */
function withPersonOf(found: StatusMessage, news: StatusMessage): StatusMessage {
  const { username, isAnonymous, conversationIds, directoryVersion } = news;
  return { ...found, username, isAnonymous, conversationIds, directoryVersion };
}

/** Whether the write is permitted in the end: in an epoch that is over nothing is published any more. */
const granted = (permit: Promise<void>): Promise<boolean> =>
  permit.then(
    () => true,
    () => false,
  );
