import { createTestDatabase } from "@meeshy/shared/testing/database";
import { beforeAll } from "vitest";
import { close, type Database, openDatabase } from "../../src/db/client.ts";

/** A migrated database for the tests of one file. Its parts are there once tests run. */
export function useDatabase(): { url: string; db: Database } {
  const parts = {} as { url: string; db: Database };
  beforeAll(async () => {
    const database = await createTestDatabase();
    parts.url = database.url;
    parts.db = await openDatabase(database.url);
    return async () => {
      await close(parts.db);
      await database.stop();
    };
  });
  return parts;
}

/** Registered people of these ids, with everything else as the database fills it in. */
export async function addUsers(db: Database, ...ids: string[]): Promise<void> {
  await db.$executeRaw`INSERT INTO "User" ("id", "username") SELECT id, 'name of ' || id FROM unnest(${ids}::text[]) AS id`;
}

/** A conversation, its share link `<id>-link`, and anonymous participants of it. */
export async function addConversation(
  db: Database,
  id: string,
  people: { members?: string[]; guests?: string[] } = {},
): Promise<void> {
  await db.conversation.create({ data: { id, title: `title of ${id}` } });
  await db.shareLink.create({ data: { id: `${id}-link`, conversationId: id } });
  await db.conversationMember.createMany({
    data: (people.members ?? []).map((userId) => ({ conversationId: id, userId })),
  });
  await db.anonymousParticipant.createMany({
    data: (people.guests ?? []).map((guest) => ({
      id: guest,
      username: `name of ${guest}`,
      sessionToken: `session of ${guest}`,
      shareLinkId: `${id}-link`,
      conversationId: id,
    })),
  });
}
