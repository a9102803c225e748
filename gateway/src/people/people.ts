import type { Database } from "@meeshy/shared/db/client";
import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { EventLog } from "../log/event-log.ts";
import { createOrders } from "../log/orders.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { type Accounts, createAccounts } from "./accounts.ts";
import type { AppliedChanges } from "./applied-changes.ts";
import { createAvailability } from "./availability.ts";
import { createDirectoryChanges, type DirectoryChanges } from "./directory-changes.ts";
import { createPersonReader } from "./person-reader.ts";
import { createSelfService, type SelfService } from "./self-service.ts";

/** Everything by which people, and those who look after them, change who they are and how they are seen. */
export interface People {
  changes: DirectoryChanges;
  availability: ReturnType<typeof createAvailability>;
  accounts: Accounts;
  self: SelfService;
}

export interface PeopleDeps {
  bus: Bus;
  source: Directory & PresenceStore;
  db: Database;
  directory: CachedDirectory;
  feed: StatusFeed;
  log: EventLog;
  applied: AppliedChanges;
  metrics: GatewayMetrics;
  logger: Logger;
}

export function createPeople(deps: PeopleDeps): People {
  const order = createOrders(deps);
  const readPerson = createPersonReader(deps.source);
  const changes = createDirectoryChanges({ ...deps, order, readPerson });
  return {
    changes,
    availability: createAvailability({ ...deps, order, readPerson }),
    accounts: createAccounts({ ...deps, order, changes }),
    self: createSelfService({ ...deps, changes }),
  };
}
