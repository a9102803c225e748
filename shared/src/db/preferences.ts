import { PresenceError } from "../codes.ts";
import { OWN_BLOCKS_MAX, type Preferences } from "../directory.ts";
import { isStorable } from "../ids.ts";
import type { Database } from "./client.ts";

/**
 * `DirectoryWriter` on our own tables (CONTRACT 5). Each function may be repeated; the boolean ones give
 * whether anything changed. One statement as a rule; only where nothing changed a second one asks whether the
 * ids exist.
 */

/**
 * Sets what is given, leaves the rest. Returns both as they are now.
 * @throws {PresenceError} `not_found`: no registered person has this id
 */
export async function setPreferences(
  db: Database,
  userId: string,
  changes: Partial<Preferences>,
): Promise<Preferences> {
  requireStorable(userId);
  const [preferences] = await db.user.updateManyAndReturn({
    where: { id: userId },
    data: changes,
    select: { showOnlineStatus: true, showLastSeen: true },
  });
  if (preferences === undefined) throw notFound();
  return preferences;
}

/**
 * Hides two people from each other. Who is blocked need not exist: the statement looks at the blocker alone.
 * @throws {PresenceError} as the port's
 */
export async function block(db: Database, blockerId: string, blockedId: string): Promise<boolean> {
  if (blockerId === blockedId) throw new PresenceError("bad_request", "You cannot block yourself.");
  requireStorable(blockerId, blockedId);
  const added = await db.$executeRaw`
    INSERT INTO "UserBlock" ("blockerId", "blockedId")
    SELECT "id", ${blockedId} FROM "User" WHERE "id" = ${blockerId}
      AND (SELECT count(*) FROM "UserBlock" WHERE "blockerId" = ${blockerId}) < ${OWN_BLOCKS_MAX}
    ON CONFLICT DO NOTHING`;
  if (added > 0) return true;
  const own = await db.userBlock.count({ where: { blockerId } });
  const isBlocked = own > 0 && (await db.userBlock.count({ where: { blockerId, blockedId } })) > 0;
  if (isBlocked) return false;
  if (own >= OWN_BLOCKS_MAX)
    throw new PresenceError("too_many_ids", `At most ${OWN_BLOCKS_MAX} people can be blocked.`);
  throw notFound();
}

/** Takes the blocker's own block back; one in the other direction stays. */
export async function unblock(db: Database, blockerId: string, blockedId: string): Promise<boolean> {
  if (!isStorable(blockerId) || !isStorable(blockedId)) return false;
  const { count } = await db.userBlock.deleteMany({ where: { blockerId, blockedId } });
  return count > 0;
}

/** `DirectoryWriter.blockedBy`; the primary key has this order. */
export async function blockedBy(
  db: Database,
  blockerId: string,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  if (!isStorable(blockerId) || !isStorable(after)) return [];
  const rows = await db.userBlock.findMany({
    where: { blockerId, blockedId: { gt: after } },
    select: { blockedId: true },
    orderBy: { blockedId: "asc" },
    take: limit,
  });
  return rows.map(({ blockedId }) => blockedId);
}

export async function requireUsers(db: Database, ...ids: string[]): Promise<void> {
  if ((await db.user.count({ where: { id: { in: ids } } })) < ids.length) throw notFound();
}

export function requireStorable(...ids: string[]): void {
  if (!ids.every(isStorable)) throw notFound();
}

export const notFound = (): PresenceError =>
  new PresenceError("not_found", "There is no such person or conversation.");
