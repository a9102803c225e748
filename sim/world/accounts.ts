import type { Profile } from "@meeshy/shared/events";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type Accounts, createAccounts } from "../../gateway/src/changes/accounts.ts";
import {
  createDirectoryChanges,
  type DirectoryChanges,
} from "../../gateway/src/changes/directory-changes.ts";
import type { Connections } from "../../gateway/src/connections/connections.ts";
import { toProfile } from "../../gateway/src/core/profile.ts";
import { createAppliedChanges } from "../../gateway/src/delivery/applied-changes.ts";
import { createCorrections } from "../../gateway/src/delivery/corrections.ts";
import { createSentMeanwhile } from "../../gateway/src/delivery/sent-meanwhile.ts";
import type { StatusFeed } from "../../gateway/src/feed/status-feed.ts";
import type { EventLog } from "../../gateway/src/log/event-log.ts";
import { createUnnumberedPublisher } from "../../gateway/src/log/unnumbered-publisher.ts";
import type { GatewayMetrics } from "../../gateway/src/metrics.ts";
import type { AppDirectory } from "./directory.ts";
import type { ProcessStore } from "./tables.ts";

/** The part of a gateway that carries out what is done to accounts: the product's, without its cache and its views. */
export interface AccountParts {
  bus: Bus;
  store: ProcessStore;
  directory: ReturnType<AppDirectory["of"]>;
  feed: StatusFeed;
  log: EventLog;
  connections: Connections;
  metrics: GatewayMetrics;
  logger: Logger;
}

export interface AccountService {
  accounts: Accounts;
  changes: Pick<DirectoryChanges, "announce">;
  stop(): void;
}

const NOTHING = { peek: () => undefined, prime() {}, forget() {} };

export function serveAccounts(parts: AccountParts): AccountService {
  const { bus, store, directory, feed, log, connections, logger } = parts;
  const { clock } = bus;
  const publishUnnumbered = createUnnumberedPublisher(parts);
  const applied = createAppliedChanges(feed);

  const readProfile = async (userId: string): Promise<Profile | undefined> => {
    const [known, rows] = await Promise.all([directory(userId), store.directory.presences([userId])]);
    if (known === undefined) return undefined;
    const { username, ...rest } = known.directory;
    return toProfile({
      user: { ...rest, username: username ?? "" },
      conversationIds: rest.conversationIds,
      stored: rows.get(userId),
    });
  };
  const changes = createDirectoryChanges({
    ...{ clock, publishUnnumbered, applied, feed, logger },
    directory: { readProfile, forgetPerson() {} },
  });
  const corrections = createCorrections({
    ...{ clock, applied, connections, logger },
    directory: {
      ...{ forgetPerson() {}, users: NOTHING, blocks: NOTHING, members: NOTHING, memberCounts: NOTHING },
      async person(userId) {
        const known = await directory(userId);
        const user = known && {
          id: userId,
          username: known.directory.username ?? "",
          displayName: null,
          role: "USER" as const,
          isAnonymous: known.directory.isAnonymous,
          isActive: known.isActive,
          showOnlineStatus: true,
          showLastSeen: true,
          sessionsRevokedAt: null,
        };
        return { user, conversationIds: known?.directory.conversationIds ?? [], blocked: new Set<string>() };
      },
    },
    broadcaster: { readAnew() {} },
    memberships: {
      take(connection) {
        connection.directoryVersion = feed.shown(connection.userId)?.directoryVersion ?? 0;
      },
    },
    largeRooms: { review() {} },
    sentMeanwhile: createSentMeanwhile(),
    views: { send() {} },
  });
  feed.onDirectoryNews(corrections.begin);
  return {
    accounts: createAccounts({ source: {}, erasure: store.erasure, log, publishUnnumbered, changes }),
    changes,
    stop() {
      changes.stop();
      corrections.stop();
    },
  };
}
