import type { Directory } from "@meeshy/shared/directory";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Erasure } from "@meeshy/shared/ports/erasure";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { AppliedChanges } from "../delivery/applied-changes.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { EventLog } from "../log/event-log.ts";
import { createUnnumberedPublisher } from "../log/unnumbered-publisher.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { type Accounts, createAccounts } from "./accounts.ts";
import { type AvailabilityChoices, createAvailability } from "./availability.ts";
import { createDirectoryChanges, type DirectoryChanges } from "./directory-changes.ts";
import { createSelfService, type SelfService } from "./self-service.ts";
import { createServiceSessions, type KeepSession } from "./service-sessions.ts";

/** Everything by which people, and those who look after them, change who they are and how they are seen. */
export interface People {
  changes: DirectoryChanges;
  availability: AvailabilityChoices;
  accounts: Accounts;
  keepSession: KeepSession;
  self: SelfService;
}

export interface PeopleDeps {
  bus: Bus;
  board: Pick<LeaseBoard, "brokerTime">;
  source: Directory;
  erasure: Erasure;
  directory: CachedDirectory;
  feed: StatusFeed;
  log: EventLog;
  applied: AppliedChanges;
  metrics: GatewayMetrics;
  tracer: Tracer;
  logger: Logger;
}

export function createPeople(deps: PeopleDeps): People {
  const publishUnnumbered = createUnnumberedPublisher(deps);
  const logTime = deps.board.brokerTime;
  const changes = createDirectoryChanges({ ...deps, clock: deps.bus.clock, publishUnnumbered });
  return {
    changes,
    availability: createAvailability({ ...deps, publishUnnumbered, logTime }),
    keepSession: createServiceSessions({ ...deps, publishUnnumbered, logTime }),
    accounts: createAccounts({ ...deps, publishUnnumbered, changes }),
    self: createSelfService({ ...deps, changes }),
  };
}
