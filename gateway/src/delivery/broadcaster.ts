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
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusChange } from "../feed/status-intake.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { AudienceFinder } from "./audience.ts";
import type { DisclosureLedger } from "./disclosures.ts";

export interface BroadcasterDeps {
  clock: Clock;
  outlet: Outlet;
  audience: AudienceFinder;
  directory: CachedDirectory;
  disclosures: DisclosureLedger;
  metrics: GatewayMetrics;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
}

export interface Broadcaster {
  broadcast(change: StatusChange): void;
  /** Nothing that waits for the directory is tried again. */
  stop(): void;
}

const RETRY_MS = 200;

/**
 * Sends a change to this gateway's viewers, once per socket. Nothing is sent of a person whose preferences are not
 * known: where the directory has to be asked first, the last change is sent once it has answered.
 */
export function createBroadcaster(deps: BroadcasterDeps): Broadcaster {
  const { clock, outlet, audience, directory, disclosures, metrics, tracer = NO_TRACING, logger } = deps;
  /** the last change of a user that waits for the directory; an earlier one says nothing any more */
  const waiting = new Map<string, StatusChange>();
  const ending = new AbortController();

  const broadcast = (change: StatusChange): void => {
    const { userId } = change.status;
    if (!audience.hasViewers(change.status)) {
      // A viewer who comes receives this one in the view: an earlier one must not follow it.
      waiting.delete(userId);
      return;
    }
    const user = directory.users.peek(userId);
    if (user && !waiting.has(userId)) {
      emit(change, user);
      return;
    }
    const isAsking = waiting.has(userId);
    waiting.set(userId, change);
    if (!isAsking) void emitWaiting(userId);
  };

  const emitWaiting = async (userId: string) => {
    for (let attempt = 1; !ending.signal.aborted; attempt++) {
      try {
        // The blocks too: while a person's changes are being read, a viewer's own blocks may be older.
        const { user } = await directory.person(userId);
        const change = waiting.get(userId);
        waiting.delete(userId);
        if (user && change && !ending.signal.aborted) emit(change, user);
        return;
      } catch (error) {
        if (attempt === 1)
          logger.warn({ userId, err: error }, "status not sent yet: the directory cannot be read");
        await clock.sleep(RETRY_MS, ending.signal);
      }
    }
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
      outlet.status(receivers, toSharers, () => sent());
    }
    const toAdmins = visibleStatus("admin", user, status);
    if (!toAdmins || admins.length === 0) return;
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

  return { broadcast, stop: () => ending.abort() };
}
