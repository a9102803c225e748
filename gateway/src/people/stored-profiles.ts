import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { Connections } from "../sockets/connections.ts";

/**
 * Takes into the profiles of open connections what is stored of their people now. They are as old as the
 * connections, and where workers have lost everything they decide: who is invisible by now must stay so.
 */
export function createProfileRefresh(deps: {
  directory: CachedDirectory;
  connections: Connections;
  logger: Logger;
}): () => Promise<void> {
  const { directory, connections, logger } = deps;
  return async () => {
    try {
      const stored = await directory.presences.getMany(connections.userIds(), 0);
      for (const connection of connections.all()) {
        const row = stored.get(connection.userId);
        if (!row) continue;
        const { availability, statusText, availabilityExpiresAt, lastActiveAt, lastSeen } = row;
        const now = { availability, statusText, availabilityExpiresAt, lastActiveAt, lastSeen };
        connection.profile = { ...connection.profile, ...now };
      }
    } catch (error) {
      logger.warn({ err: error }, "connections are announced as they came: the database cannot be read");
    }
  };
}
