import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Connections, LoggedConnection } from "../connections/connections.ts";
import { type LastShown, withoutStored, withStored } from "../core/profile.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/**
 * What a person's last status says of how they wish to be shown; `undefined`: nothing. Someone who was shown online was
 * not invisible. In the epoch of that status workers also keep a record of each person who has become invisible since, so
 * an offline one says as much; after it such records may be lost.
 */
export function createLastShown(
  feed: Pick<StatusFeed, "get">,
  epochNow: () => number,
): (userId: string) => LastShown {
  return (userId) => {
    const status = feed.get(userId);
    const isCurrent = status && status.version > 0 && (status.isOnline || status.epoch >= epochNow());
    return isCurrent ? { availability: status.availability, statusText: status.statusText } : undefined;
  };
}

/** Keeps the stored part of open connections' profiles up to date. */
export interface StoredProfiles {
  /**
   * Takes into the profiles of open connections what is stored now. They are as old as the connections, and where
   * workers have lost everything they decide: who is invisible by now must stay so. Never rejects.
   */
  refresh(): Promise<void>;
  /** The stored part of this one's profile could not be read: it is read as soon as it can be. */
  readLater(connection: LoggedConnection): void;
  /** The stored part of this one's profile is too old to be trusted: it is read anew. */
  readAnew(connection: LoggedConnection): void;
  /** Calls back with connections whose profile has been read at last. */
  onRead(listener: (connection: LoggedConnection) => void): void;
  stop(): void;
}

export interface StoredProfilesDeps {
  clock: Bus["clock"];
  directory: CachedDirectory;
  connections: Connections;
  lastShown: (userId: string) => LastShown;
  logger: Logger;
}

const LOOK_MS = 1_000;
/** People of one question. */
const AT_ONCE = 500;

export function createStoredProfiles(deps: StoredProfilesDeps): StoredProfiles {
  const { clock, directory, connections, lastShown, logger } = deps;
  const listeners: ((connection: LoggedConnection) => void)[] = [];
  const unread = new Set<LoggedConnection>();
  let isReading = false;

  const readAgain = async () => {
    if (isReading) return;
    isReading = true;
    try {
      while (unread.size > 0) {
        for (const connection of unread) if (!connections.has(connection)) unread.delete(connection);
        const some = [...unread].slice(0, AT_ONCE);
        const stored = await directory.presences.getFresh(
          some.map(({ userId }) => userId),
          0,
        );
        for (const connection of some) {
          unread.delete(connection);
          if (!connections.has(connection)) continue;
          connection.profile = withStored(connection.profile, stored.get(connection.userId));
          for (const listener of listeners) listener(connection);
        }
      }
    } catch (error) {
      logger.debug({ err: error, unread: unread.size }, "stored profiles not read yet");
    } finally {
      isReading = false;
    }
  };
  const timer = clock.every(LOOK_MS, () => void readAgain());

  return {
    async refresh() {
      try {
        const stored = await directory.presences.getFresh(connections.userIds(), 0);
        for (const connection of connections.all()) {
          const row = stored.get(connection.userId);
          if (row) connection.profile = withStored(connection.profile, row);
        }
      } catch (error) {
        logger.warn({ err: error }, "connections are announced as last shown: the database cannot be read");
        for (const connection of connections.all()) {
          connection.profile = withoutStored(connection.profile, lastShown(connection.userId));
          unread.add(connection);
        }
      }
    },
    readLater(connection) {
      if (connection.profile.stored !== undefined) unread.add(connection);
    },
    readAnew: (connection) => void unread.add(connection),
    onRead: (listener) => void listeners.push(listener),
    stop: () => timer.cancel(),
  };
}
