import { DEMO } from "../demo.ts";
import { close, openDatabase } from "./client.ts";

// Any number that no other lock of this database uses.
const SEED_LOCK = 20260101;

const MINUTE_MS = 60_000;
/** Long enough ago for the demo people to read as offline, not as away. */
const LAST_SEEN_MINUTES_AGO = 60;

/**
 * Puts the demo people into a migrated database that has no users, in one transaction; leaves any other as it
 * is.
 */
export async function seedDemo(databaseUrl: string): Promise<{ seeded: boolean }> {
  const db = await openDatabase(databaseUrl, { poolSize: 1 });
  try {
    return await db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${SEED_LOCK})`;
      if ((await tx.user.findFirst({ select: { id: true } })) !== null) return { seeded: false };
      const now = Date.now();
      const before = new Date(now - LAST_SEEN_MINUTES_AGO * MINUTE_MS);
      await tx.user.createMany({
        data: DEMO.users.map((user) => ({ ...user, lastSeen: before, lastActiveAt: before })),
      });
      await tx.conversation.createMany({ data: DEMO.conversations.map(({ id, title }) => ({ id, title })) });
      await tx.conversationMember.createMany({
        data: DEMO.conversations.flatMap(({ id, members }) =>
          members.map((userId) => ({ conversationId: id, userId })),
        ),
      });
      await tx.shareLink.create({ data: DEMO.shareLink });
      await tx.anonymousParticipant.create({
        data: {
          ...DEMO.guest,
          lastSeenAt: before,
          lastActiveAt: before,
          shareLinkId: DEMO.shareLink.id,
          conversationId: DEMO.shareLink.conversationId,
        },
      });
      await tx.message.createMany({
        data: DEMO.messages.map((message, index) => ({
          ...message,
          createdAt: new Date(now - (DEMO.messages.length - index) * MINUTE_MS),
        })),
      });
      return { seeded: true };
    });
  } finally {
    await close(db);
  }
}
