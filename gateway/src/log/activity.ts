import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { LRUCache } from "lru-cache";
import { type LastPass, passesThrottle, type Shown } from "../core/activity-throttle.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Connections } from "../sockets/connections.ts";
import type { EventLog } from "./event-log.ts";

/** Signs of life of a person: a socket event, a chat message, a REST request. */
export type TouchActivity = (userId: string) => void;

export interface ActivityDeps {
  clock: Clock;
  log: EventLog;
  connections: Connections;
  shownOf: (userId: string) => Shown | undefined;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Users whose last pass is remembered. Forgetting one costs a message, no more. */
const MAX_REMEMBERED = 100_000;

export function createActivity(deps: ActivityDeps, { throttleMs }: { throttleMs: number }): TouchActivity {
  const passes = new LRUCache<string, LastPass>({ max: MAX_REMEMBERED });
  return (userId) => {
    const now = deps.clock.now();
    deps.connections.touch(userId, now);
    const shown = deps.shownOf(userId);
    if (!passesThrottle({ now, throttleMs, last: passes.get(userId), shown })) {
      deps.metrics.throttled.inc({ what: "activity" });
      deps.logger.debug({ userId }, "[Throttle] activity not written");
      return;
    }
    passes.set(userId, { at: now, epoch: shown?.epoch ?? 0, version: shown?.version ?? 0 });
    deps.log.activity(userId);
  };
}
