import { splitIds } from "../ids.ts";
import type { Database } from "./client.ts";

/**
 * Makes a row for each registered person who has none, to hold their presence where the people themselves are in an
 * application's own directory (CONTRACT 6). The row names them by their id; their name stays where it is.
 */
export async function addMissingRows(db: Database, userIds: readonly string[]): Promise<void> {
  const { registered } = splitIds(userIds);
  if (registered.length === 0) return;
  // Sorted, like every statement that locks several rows: two at once would deadlock otherwise.
  const ids = [...new Set(registered)].sort();
  await db.$executeRaw`
    INSERT INTO "User" ("id", "username") SELECT id, id FROM unnest(${ids}::text[]) AS id
    ON CONFLICT ("id") DO NOTHING`;
}
