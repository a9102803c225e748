import type { Gate } from "@meeshy/shared/nats/gate";
import { compareAndSet, fromBytesOrNone, toBytes } from "@meeshy/shared/nats/last-value";
import { type Bus, isConflict, isTooLarge, type LastValue, type LateAnswers } from "@meeshy/shared/ports/bus";
import { MESSAGING, messagingAttributes, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import {
  compareVersions,
  inKnownValues,
  newsIn,
  type StatusMessage,
  withPersonOf,
} from "@meeshy/shared/status";
import { statusMessageSchema, userStatusSchema } from "@meeshy/shared/status-schema";
import { STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import type { Written } from "../core/user-table.ts";
import { createAttempts } from "./attempts.ts";
import type { WritePermit } from "./record-store.ts";

/** A status on its way, with the trace that it belongs to. */
interface StatusToPublish {
  status: StatusMessage;
  meta: { traceparent: string | undefined };
}

/** Publishes statuses, each user's in order and one at a time; a newer one replaces one that still waits. */
export interface StatusWriter {
  put(published: StatusToPublish): void;
  /** Resolves once everything put so far for these users is stored, or superseded by a newer owner. */
  settled(userIds: Iterable<string>): Promise<void>;
  close(): void;
}

interface Lane {
  waiting: StatusToPublish | null;
  idle: Promise<void>;
}

const RETRY_MS = 200;
const positionSchema = userStatusSchema.pick({ epoch: true, version: true });

export interface StatusWriterOptions {
  bus: Bus;
  /** bounds the writes under way, so that their acknowledgements come in time */
  gate: Gate;
  tracer: Tracer;
  partition: number;
  logger: Logger;
  /** where the sequence of a user's last status is noted; `undefined` of a user who is not held */
  writtenOf: (userId: string) => Written | undefined;
  /** A newer status stood there already: another owner may be at work. */
  onForeign: () => void;
  /** What stood there cannot be read; `isKept`: it is newer, or of a later release, and stays. */
  onUnreadable: (subject: string, revision: number, isKept: boolean) => void;
  writing: WritePermit;
  /** Whether the log cannot have caused a status of this position: no owner wrote it. */
  isForged: (status: StatusMessage) => Promise<boolean>;
  /** A status did not fit as a whole. */
  onOversize: () => void;
}

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { bus, gate, logger, writtenOf, onForeign, onUnreadable, writing, isForged, onOversize } = options;
  const lanes = new Map<string, Lane>();
  const oversized = createOversizeReports(logger, onOversize);
  let closed = false;

  const note = (userId: string, seq: number) => {
    const written = writtenOf(userId);
    if (written) written.statusSeq = seq;
  };

  /** What to write in view of what stands there; `null`: nothing. */
  const adopt = async (status: StatusMessage, last: LastValue | undefined): Promise<StatusMessage | null> => {
    if (last === undefined) return status;
    const value = fromBytesOrNone(last.data);
    const known = isLater("status", value) ? value : inKnownValues(value);
    const found = statusMessageSchema.safeParse(known).data;
    if (found === undefined) return adoptUnreadable(status, value, last.seq);
    const isNewer = compareVersions(found, status) > 0;
    if (isNewer && (await isForged(found))) return status;
    if (isNewer && status.version > 0) onForeign();
    const news = newsIn(status, found);
    if (news === "nothing") return null;
    // Of a user without a record, the stored status is all there is.
    return news === "person" ? withPersonOf(found, status) : status;
  };

  /**
   * Of what cannot be read as a whole, epoch and version still show which is newer. Without them the owner's own view
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

  const store = async (whole: StatusMessage, traceparent: string | undefined): Promise<void> => {
    const { userId } = whole;
    const subject = statusSetSubject(userId);
    const attempt = createAttempts();
    let given = whole;
    let status = given;
    let expected = writtenOf(userId)?.statusSeq ?? 0;
    while (!closed) {
      const permit = writing.permit();
      if (permit && !(await granted(permit))) return;
      try {
        const data = toBytes(versioned("status", status));
        const put = (late: LateAnswers) =>
          compareAndSet(bus, subject, data, expected, { traceparent, ...late });
        const ack = await gate.run(() => attempt("status", put));
        note(userId, ack.seq);
        writing.stored(ack.seq);
        if (given === whole) oversized.forget(userId);
        return;
      } catch (error) {
        try {
          if (isConflict(error)) {
            const last = await gate.run(() => bus.lastValue(STREAM_STATUS, subject));
            if (last === undefined && expected > 0) writing.doubt();
            expected = last?.seq ?? 0;
            note(userId, expected);
            const adopted = await adopt(given, last);
            if (adopted === null) return;
            status = adopted;
            continue;
          }
          if (isTooLarge(error)) {
            const { conversationIds } = given;
            oversized.report(userId, conversationIds.length);
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
      const published = lane.waiting;
      lane.waiting = null;
      await traced(published, options, (traceparent) => store(published.status, traceparent));
    }
    if (lanes.get(userId) === lane) lanes.delete(userId);
  };

  return {
    put(published) {
      const { userId } = published.status;
      const lane = lanes.get(userId);
      if (lane) {
        lane.waiting = published;
        return;
      }
      const fresh: Lane = { waiting: published, idle: Promise.resolve() };
      lanes.set(userId, fresh);
      fresh.idle = drain(userId, fresh);
    },
    async settled(userIds) {
      for (const userId of userIds) await lanes.get(userId)?.idle;
    },
    close() {
      closed = true;
    },
  };
}

/** Whether the write is permitted in the end: in an epoch that is over nothing is published any more. */
const granted = (permit: Promise<void>): Promise<boolean> =>
  permit.then(
    () => true,
    () => false,
  );

/** Counts each status that does not fit, and logs the first of a user until one fits again. */
function createOversizeReports(logger: Logger, onOversize: () => void) {
  const reported = new Set<string>();
  return {
    report(userId: string, conversations: number): void {
      onOversize();
      if (reported.has(userId)) return;
      reported.add(userId);
      logger.error(
        { userId, conversations },
        "status over the broker's limit, stored for fewer conversations",
      );
    },
    forget: (userId: string) => void reported.delete(userId),
  };
}

/** Gives the sending the context of a span. A status that belongs to no trace, like one written anew by its age, has none. */
async function traced(
  { meta: { traceparent } }: StatusToPublish,
  { tracer, partition }: Pick<StatusWriterOptions, "tracer" | "partition">,
  send: (traceparent: string | undefined) => Promise<void>,
): Promise<void> {
  if (traceparent === undefined || !tracer.isRecording) return send(traceparent);
  const span = tracer.start(`send ${MESSAGING.status}`, {
    kind: "producer",
    parent: traceparent,
    attributes: messagingAttributes("send", MESSAGING.status, partition),
  });
  await send(span.traceparent);
  span.end();
}
