import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Clock } from "@meeshy/shared/ports/clock";
import {
  MESSAGING,
  messagingAttributes,
  NO_TRACING,
  type Tracer,
  traceIdOf,
} from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { visibleStatus } from "../core/visibility.ts";
import type { CachedDirectory, KnownPerson } from "../directory/cached-directory.ts";
import { createWaitingPeople } from "../directory/waiting-people.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusChange } from "../feed/status-intake.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { AudienceFinder } from "./audience.ts";
import type { DisclosureLedger } from "./disclosures.ts";
import type { SentMeanwhile } from "./sent-meanwhile.ts";

export interface BroadcasterDeps {
  clock: Clock;
  outlet: Outlet;
  audience: AudienceFinder;
  directory: CachedDirectory;
  disclosures: DisclosureLedger;
  sentMeanwhile: Pick<SentMeanwhile, "isWaiting" | "note">;
  metrics: GatewayMetrics;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
}

export interface Broadcaster {
  broadcast(change: StatusChange): void;
  /** The directory says something new of the person: an answer that is under way does not count. */
  readAnew(userId: string): void;
  /** Nothing that waits for the directory is tried again. */
  stop(): void;
}

/**
 * Sends a change to this gateway's viewers, once per socket. Nothing is sent of a person whose preferences are not
 * known, or of whom the directory has news that are not read yet: the last change is sent once it has answered.
 */
export function createBroadcaster(deps: BroadcasterDeps): Broadcaster {
  const { clock, outlet, audience, directory, disclosures, sentMeanwhile, metrics, logger } = deps;
  const { tracer = NO_TRACING } = deps;
  const waiting = createWaitingPeople<StatusChange, KnownPerson>({
    ...{ clock, logger },
    // The blocks too: while a person's changes are being read, a viewer's own blocks may be older.
    read: (userId) => directory.person(userId),
    carryOut: (_, { user }, change) => void (user && emit(change, user)),
    warning: "status not sent yet: the directory cannot be read",
  });

  const broadcast = (change: StatusChange): void => {
    const { userId } = change.status;
    if (!audience.hasViewers(change.status)) {
      // A viewer who comes receives this one in the view: an earlier one must not follow it.
      waiting.drop(userId);
      return;
    }
    const user = directory.users.peek(userId);
    if (user && !waiting.get(userId) && !sentMeanwhile.isWaiting(userId)) emit(change, user);
    else waiting.put(userId, change, { isNews: false });
  };

  const emit = ({ status: message, meta: { traceparent } }: StatusChange, user: DirectoryUser) => {
    const status = toUserStatus(message);
    const { sharers, admins } = audience.receivers(message);
    const toSharers = visibleStatus("sharer", user, status);
    const receivers = toSharers ? sharers : [];
    if (receivers.length + admins.length === 0) return;
    const sent = begin(status, traceparent, receivers.length + admins.length);
    if (toSharers && receivers.length > 0) {
      disclosures.note(user);
      sentMeanwhile.note(toSharers, receivers);
      outlet.status(receivers, toSharers, () => sent());
    }
    const toAdmins = visibleStatus("admin", user, status);
    if (!toAdmins || admins.length === 0) return;
    sentMeanwhile.note(toAdmins, admins);
    outlet.status(admins, toAdmins, () => {
      if (receivers.length === 0) sent();
    });
  };

  const noteLatency = ({ at }: UserStatus) => {
    if (at !== null) metrics.broadcastLatency.observe(Math.max(0, clock.wall() - Date.parse(at)) / 1_000);
  };
  /** Counts and logs a broadcast that begins; what it gives is called when the last socket has it. */
  const begin = (status: UserStatus, parent: string | undefined, sockets: number): (() => void) => {
    const { userId, isOnline, cause, version } = status;
    metrics.broadcasts.inc();
    const traceId = traceIdOf(parent);
    logger.info({ userId, isOnline, cause, version, traceId }, "Broadcast USER_STATUS");
    if (parent === undefined || !tracer.isRecording) return () => noteLatency(status);
    const processing = tracer.start(`process ${MESSAGING.status}`, {
      kind: "consumer",
      parent,
      attributes: { ...messagingAttributes("process", MESSAGING.status), "meeshy.cause": cause },
    });
    const emitting = tracer.start("emit user:status", {
      kind: "producer",
      parent: processing.traceparent,
      attributes: { "meeshy.sockets": sockets },
    });
    processing.end();
    return () => {
      emitting.end();
      noteLatency(status);
    };
  };

  return {
    broadcast,
    readAnew(userId) {
      const change = waiting.get(userId);
      if (change) waiting.put(userId, change, { isNews: true });
    },
    stop: waiting.stop,
  };
}
