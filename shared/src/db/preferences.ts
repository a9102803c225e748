import { PresenceError } from "../codes.ts";
import type { Preferences } from "../directory.ts";
import type { Database } from "./client.ts";
import { isAnonymousId, isStorable } from "./ids.ts";

/**
 * What people may change about how they are seen (CONTRACT 5). Each function may be repeated; the boolean ones tell
 * whether anything changed. Ids of nobody, or of no conversation, are `not_found`.
 */

/** Sets what is given, leaves the rest. Returns both as they are now. */
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

/** Hides two people from each other. Blocking oneself is `bad_request`. */
export async function block(db: Database, blockerId: string, blockedId: string): Promise<boolean> {
  if (blockerId === blockedId) throw new PresenceError("bad_request", "You cannot block yourself.");
  requireStorable(blockerId, blockedId);
  const added = await db.$executeRaw`
    INSERT INTO "UserBlock" ("blockerId", "blockedId")
    SELECT blocker."id", blocked."id" FROM "User" AS blocker, "User" AS blocked
    WHERE blocker."id" = ${blockerId} AND blocked."id" = ${blockedId}
    ON CONFLICT DO NOTHING`;
  if (added === 0) await requireUsers(db, blockerId, blockedId);
  return added > 0;
}

export async function unblock(db: Database, blockerId: string, blockedId: string): Promise<boolean> {
  requireStorable(blockerId, blockedId);
  const { count } = await db.userBlock.deleteMany({ where: { blockerId, blockedId } });
  if (count === 0) await requireUsers(db, blockerId, blockedId);
  return count > 0;
}

/** An anonymous participant can be put back only into the conversation that their link led to. */
export async function addMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  requireStorable(conversationId, userId);
  return isAnonymousId(userId)
    ? setGuestActive(db, conversationId, userId, true)
    : addRegisteredMember(db, conversationId, userId);
}

export async function removeMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  requireStorable(conversationId, userId);
  return isAnonymousId(userId)
    ? setGuestActive(db, conversationId, userId, false)
    : removeRegisteredMember(db, conversationId, userId);
}

async function addRegisteredMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  const added = await db.$executeRaw`
    INSERT INTO "ConversationMember" AS member ("conversationId", "userId")
    SELECT conversation."id", person."id" FROM "Conversation" AS conversation, "User" AS person
    WHERE conversation."id" = ${conversationId} AND person."id" = ${userId}
    ON CONFLICT ("conversationId", "userId") DO UPDATE SET "isActive" = true WHERE NOT member."isActive"`;
  if (added === 0) await Promise.all([requireConversation(db, conversationId), requireUsers(db, userId)]);
  return added > 0;
}

async function removeRegisteredMember(
  db: Database,
  conversationId: string,
  userId: string,
): Promise<boolean> {
  const { count } = await db.conversationMember.updateMany({
    where: { conversationId, userId, isActive: true },
    data: { isActive: false },
  });
  if (count === 0) await Promise.all([requireConversation(db, conversationId), requireUsers(db, userId)]);
  return count > 0;
}

async function setGuestActive(
  db: Database,
  conversationId: string,
  participantId: string,
  isActive: boolean,
): Promise<boolean> {
  const guest = { id: participantId, conversationId };
  const { count } = await db.anonymousParticipant.updateMany({
    where: { ...guest, isActive: !isActive },
    data: { isActive },
  });
  if (count === 0 && (await db.anonymousParticipant.count({ where: guest })) === 0) throw notFound();
  return count > 0;
}

async function requireUsers(db: Database, ...ids: string[]): Promise<void> {
  if ((await db.user.count({ where: { id: { in: ids } } })) < ids.length) throw notFound();
}

async function requireConversation(db: Database, id: string): Promise<void> {
  if ((await db.conversation.count({ where: { id } })) === 0) throw notFound();
}

function requireStorable(...ids: string[]): void {
  if (!ids.every(isStorable)) throw notFound();
}

const notFound = (): PresenceError =>
  new PresenceError("not_found", "There is no such person or conversation.");
