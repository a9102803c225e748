import { isAnonymousId, isStorable } from "../ids.ts";
import type { Database } from "./client.ts";

/** `DirectoryWriter.deactivate`. */
export async function deactivate(db: Database, userId: string): Promise<boolean> {
  if (!isStorable(userId)) return false;
  const active = { where: { id: userId, isActive: true }, data: { isActive: false } };
  const { count } = isAnonymousId(userId)
    ? await db.anonymousParticipant.updateMany(active)
    : await db.user.updateMany(active);
  return count > 0;
}

/** `DirectoryWriter.revokeSessions`, by the database's clock. */
export async function revokeSessions(db: Database, userId: string): Promise<boolean> {
  if (!isStorable(userId)) return false;
  const count = isAnonymousId(userId)
    ? await db.$executeRaw`UPDATE "AnonymousParticipant" SET "sessionsRevokedAt" = now() WHERE "id" = ${userId}`
    : await db.$executeRaw`UPDATE "User" SET "sessionsRevokedAt" = now() WHERE "id" = ${userId}`;
  return count > 0;
}

/** `Erasure.erase`, in one transaction. */
export async function deletePerson(db: Database, userId: string): Promise<void> {
  if (!isStorable(userId)) return;
  await db.$transaction([
    isAnonymousId(userId)
      ? db.anonymousParticipant.deleteMany({ where: { id: userId } })
      : db.user.deleteMany({ where: { id: userId } }),
    db.presenceTransition.deleteMany({ where: { userId } }),
  ]);
}
