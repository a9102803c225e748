import type { Database } from "./client.ts";
import { isAnonymousId, isStorable } from "./ids.ts";

/** Ends an account without forgetting it: its person may not sign in. Tells whether that is new. */
export async function deactivate(db: Database, userId: string): Promise<boolean> {
  if (!isStorable(userId)) return false;
  const active = { where: { id: userId, isActive: true }, data: { isActive: false } };
  const { count } = isAnonymousId(userId)
    ? await db.anonymousParticipant.updateMany(active)
    : await db.user.updateMany(active);
  return count > 0;
}

/**
 * Forgets a person: their row with its presence, memberships and blocks, and their history. What they
 * wrote stays in its conversations. May be repeated.
 */
export async function deletePerson(db: Database, userId: string): Promise<void> {
  if (!isStorable(userId)) return;
  await db.$transaction([
    isAnonymousId(userId)
      ? db.anonymousParticipant.deleteMany({ where: { id: userId } })
      : db.user.deleteMany({ where: { id: userId } }),
    db.presenceTransition.deleteMany({ where: { userId } }),
  ]);
}
