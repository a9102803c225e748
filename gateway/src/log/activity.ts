import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { type LastPass, passesThrottle, type ShownVersion } from "../core/activity-throttle.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { EventLog } from "./event-log.ts";

interface ActivityCause {
  /** the connection over which it came; a REST request has none */
  over?: ClientConnection;
  /** the context of what the person did */
  traceparent?: string | undefined;
}

/** Signs of life of a person: a socket event or a chat message over a connection, or a REST request. */
export type TouchActivity = (userId: string, cause?: ActivityCause) => void;

export interface ActivityDeps {
  clock: Clock;
  log: EventLog;
  connections: Connections;
  shownOf: (userId: string) => ShownVersion | undefined;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Users whose last pass is remembered. Forgetting one costs a message, no more. */
const MAX_REMEMBERED = 100_000;

export function createActivity(deps: ActivityDeps, { throttleMs }: { throttleMs: number }): TouchActivity {
  const passes = createBoundedCache<LastPass>({ max: MAX_REMEMBERED });
  return (userId, { over, traceparent } = {}) => {
    const now = deps.clock.now();
    deps.connections.touch(userId, now);
    const shown = deps.shownOf(userId);
    const isFirst = over?.isPassive === true;
    if (over) over.isPassive = false;
    if (!isFirst && !passesThrottle({ now, throttleMs, last: passes.get(userId), shown })) {
      deps.metrics.throttled.inc({ what: "activity" });
      deps.logger.debug({ userId }, "[Throttle] activity not written");
      return;
    }
    passes.set(userId, { at: now, epoch: shown?.epoch ?? 0, version: shown?.version ?? 0 });
    deps.log.activity(userId, { traceparent, connectionId: over?.arrival.isPassive ? over.id : undefined });
  };
}
