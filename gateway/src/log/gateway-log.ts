import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Connections } from "../connections/connections.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { createActivity, type TouchActivity } from "./activity.ts";
import { epochOn } from "./epoch.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import type { LiveGateways } from "./live-gateways.ts";
import { createLastShown, createStoredProfiles, type StoredProfiles } from "./refresh-profiles.ts";

/** What this gateway writes into the log, and the profiles of open connections that go with it. */
export interface GatewayLog {
  /** Stopped by its owner, not here: its end has to wait for the goodbyes of every socket. */
  events: EventLog;
  touch: TouchActivity;
  profiles: StoredProfiles;
  lastShown: ReturnType<typeof createLastShown>;
}

export interface GatewayLogDeps {
  bus: Bus;
  board: LeaseBoard;
  gateways: LiveGateways;
  feed: StatusFeed;
  directory: CachedDirectory;
  connections: Connections;
  metrics: GatewayMetrics;
  tracer: Tracer;
  logger: Logger;
}

export function createGatewayLog(
  deps: GatewayLogDeps,
  config: { gatewayLeaseMs: number; activityThrottleMs: number; leaveHeldMs: number },
  lifecycle: Lifecycle,
): GatewayLog {
  const { bus, board, feed } = deps;
  const { clock } = bus;
  const lastShown = createLastShown(feed, () => epochOn(board));
  const profiles = createStoredProfiles({ ...deps, clock, lastShown });
  lifecycle.onStop("stored profiles", () => profiles.stop());
  const events = createEventLog(
    {
      ...deps,
      refreshProfiles: profiles.refresh,
      readProfileAnew: profiles.readAnew,
      isFollowing: feed.isLoaded,
    },
    { leaseMs: config.gatewayLeaseMs, leaveHeldMs: config.leaveHeldMs },
  );
  profiles.onRead(events.announceAgain);
  const touch = createActivity(
    { ...deps, clock, log: events, shownOf: feed.shown },
    { throttleMs: config.activityThrottleMs },
  );
  return { events, touch, profiles, lastShown };
}
