import type { Store } from "../ports/store.ts";
import type { PresenceRow } from "../presence-row.ts";
import { deletePerson } from "./accounts.ts";
import { insertMessage, isMember, listMessages, messagesSince, storeTime } from "./chat.ts";
import type { Database } from "./client.ts";
import { createPrismaDirectory } from "./directory.ts";
import { addMissingRows } from "./own-rows.ts";
import { listPeople } from "./people-list.ts";
import { highestSequence, recordHighestSequence } from "./presence-log.ts";
import { writePresence } from "./presence-writer.ts";
import { orRefused } from "./refusal.ts";
import { staleOnline } from "./stale-online.ts";
import {
  deleteTransitions,
  followingTransitions,
  newestTransitionAt,
  pruneTransitions,
  recentTransitions,
  writeTransitions,
} from "./transitions.ts";

export interface PostgresStoreOptions {
  /** The people are in an application's own directory: each registered one whose presence is written gets a row. Default false. */
  addsRows?: boolean;
}

/** The store on PostgreSQL. What calls share is the client's pool; ending it (`close`) is the caller's. */
export function createPostgresStore(db: Database, { addsRows = false }: PostgresStoreOptions = {}): Store {
  const writeRows = async (rows: readonly PresenceRow[]) => {
    const userIds = rows.map(({ userId }) => userId);
    if (addsRows) await addMissingRows(db, userIds);
    return writePresence(db, rows);
  };
  return {
    directory: createPrismaDirectory(db),
    people: { page: (query) => listPeople(db, query) },
    erasure: { erase: (userId) => deletePerson(db, userId) },
    presence: {
      write: (rows) => orRefused(writeRows(rows)),
      stale: (bounds) => staleOnline(db, bounds),
    },
    history: {
      write: (rows) => orRefused(writeTransitions(db, rows)),
      recent: (userId, limit) => recentTransitions(db, userId, limit),
      newestAt: () => newestTransitionAt(db),
      following: (place) => followingTransitions(db, place),
      erase: (userId) => orRefused(deleteTransitions(db, userId)),
      prune: (days) => pruneTransitions(db, days),
    },
    progress: {
      record: (positions) => recordHighestSequence(db, positions),
      highest: () => highestSequence(db),
    },
    chat: {
      isMember: (conversationId, userId) => isMember(db, conversationId, userId),
      add: (message) => insertMessage(db, message),
      page: (conversationId, page) => listMessages(db, conversationId, page),
      now: () => storeTime(db),
      since: (conversationIds, bounds) => messagesSince(db, conversationIds, bounds),
    },
  };
}
