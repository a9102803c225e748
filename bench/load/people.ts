import pg from "pg";

/** Someone to connect as, and a conversation to talk in. */
export interface LoadUser {
  userId: string;
  conversationId: string;
}

const ROOM_SIZE = 10;

/** `load0`, `load1`, … in rooms of ten. */
export function planLoadUsers(count: number): LoadUser[] {
  return Array.from({ length: count }, (_, n) => ({
    userId: `load${n}`,
    conversationId: `load-room${Math.floor(n / ROOM_SIZE)}`,
  }));
}

/** Adds those who are not there yet; leaves everybody else alone. */
export async function addLoadUsers(databaseUrl: string, users: readonly LoadUser[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const userIds = users.map(({ userId }) => userId);
    const rooms = users.map(({ conversationId }) => conversationId);
    await client.query(
      `INSERT INTO "User" (id, username) SELECT id, id FROM unnest($1::text[]) AS id ON CONFLICT DO NOTHING`,
      [userIds],
    );
    await client.query(
      `INSERT INTO "Conversation" (id) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING`,
      [rooms],
    );
    await client.query(
      `INSERT INTO "ConversationMember" ("conversationId", "userId")
       SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
      [rooms, userIds],
    );
  } finally {
    await client.end();
  }
}
