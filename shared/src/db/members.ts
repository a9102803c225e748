import { isAnonymousId, isStorable } from "../ids.ts";
import type { Database } from "./client.ts";
import { notFound, requireStorable, requireUsers } from "./preferences.ts";

/** The memberships of `DirectoryWriter` on our own tables (CONTRACT 5). Each function may be repeated. */

/**
 * An anonymous participant can be put back only into the conversation that their link led to. `by` as in the port.
 * @throws {PresenceError} `not_found`: the conversation or the person, or `by` may not do it
 */
export async function addMember(
  db: Database,
  conversationId: string,
  userId: string,
  by?: string,
): Promise<boolean> {
  requireStorable(conversationId, userId, by ?? "");
  if (by !== undefined)
    return by === userId ? comeBack(db, conversationId, userId) : addSharer(db, conversationId, userId, by);
  return isAnonymousId(userId)
    ? setGuestActive(db, conversationId, userId, true)
    : addRegisteredMember(db, conversationId, userId);
}

async function comeBack(db: Database, conversationId: string, userId: string): Promise<boolean> {
  const { count } = await db.conversationMember.updateMany({
    where: { conversationId, userId, isActive: false },
    data: { isActive: true },
  });
  if (count === 0 && !(await isActiveMember(db, conversationId, userId))) throw notFound();
  return count > 0;
}

/**
 * One statement, which looks at the memberships of `by`: its time says nothing of whether they
 * exist, where they are and whether they have left.
 */
async function addSharer(db: Database, conversationId: string, userId: string, by: string): Promise<boolean> {
  const added = await db.$executeRaw`
    INSERT INTO "ConversationMember" ("conversationId", "userId")
    SELECT "conversationId", "userId" FROM (VALUES (${conversationId}, ${userId})) AS new("conversationId", "userId")
    WHERE (
      SELECT bool_or(coalesce((
          SELECT theirs."isActive" FROM "ConversationMember" AS theirs
          WHERE theirs."userId" = new."userId" AND theirs."conversationId" = mine."conversationId"), false))
        AND bool_or(mine."conversationId" = new."conversationId")
      FROM "ConversationMember" AS mine WHERE mine."userId" = ${by} AND mine."isActive")
    ON CONFLICT DO NOTHING`;
  if (added > 0) return true;
  const [isMember, isOurs] = await Promise.all([
    isActiveMember(db, conversationId, userId),
    isActiveMember(db, conversationId, by),
  ]);
  if (!isMember || !isOurs) throw notFound();
  return false;
}

/** `DirectoryWriter.shareConversation`: one statement, which looks at the memberships of the first for every id. */
export async function shareConversation(db: Database, userId: string, otherId: string): Promise<boolean> {
  if (!isStorable(userId) || !isStorable(otherId)) return false;
  const [found] = await db.$queryRaw<{ shares: boolean | null }[]>`
    SELECT bool_or(
      coalesce((
        SELECT theirs."isActive" FROM "ConversationMember" AS theirs
        WHERE theirs."userId" = ${otherId} AND theirs."conversationId" = mine."conversationId"), false)
      OR coalesce((
        SELECT guest."isActive" FROM "AnonymousParticipant" AS guest
        WHERE guest."id" = ${otherId} AND guest."conversationId" = mine."conversationId"), false)) AS "shares"
    FROM "ConversationMember" AS mine WHERE mine."userId" = ${userId} AND mine."isActive"`;
  return found?.shares ?? false;
}

async function isActiveMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  const active = { where: { conversationId, isActive: true } };
  const count = isAnonymousId(userId)
    ? await db.anonymousParticipant.count({ where: { ...active.where, id: userId } })
    : await db.conversationMember.count({ where: { ...active.where, userId } });
  return count > 0;
}

/**
 * Ends the membership; the row stays, inactive.
 * @throws {PresenceError} `not_found`: the conversation or the person
 */
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

async function requireConversation(db: Database, id: string): Promise<void> {
  if ((await db.conversation.count({ where: { id } })) === 0) throw notFound();
}
