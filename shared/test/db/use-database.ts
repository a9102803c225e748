import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { close, createDatabase, type Database } from "../../src/db/client.ts";
import { migrate } from "../../src/db/migrate.ts";

/** A PostgreSQL with a migrated database for the tests of one file. Its parts are there once tests run. */
export function useDatabase(): { server: TestPostgres; url: string; db: Database } {
  const parts = {} as { server: TestPostgres; url: string; db: Database };
  beforeAll(async () => {
    parts.server = await startPostgres();
    parts.url = await parts.server.createDatabase();
    await migrate(parts.url);
    parts.db = createDatabase(parts.url);
  });
  afterAll(async () => {
    await close(parts.db);
    await parts.server.stop();
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
