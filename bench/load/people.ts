import { createPresenceClient } from "@meeshy/shared/client";
import type { Stack } from "@meeshy/shared/servers/stack";
import pg from "pg";

/** Someone to connect as, and a conversation to talk in. */
export interface LoadUser {
  userId: string;
  conversationId: string;
}

/** One who comes and goes, and a contact who sees it. */
export interface LoadPair<Person = LoadUser> {
  comes: Person;
  sees: Person;
}

/** The people of one run: those who stay and talk, and pairs in their conversations that are measured. */
export interface LoadPeople {
  users: LoadUser[];
  pairs: LoadPair[];
}

const ROOM_SIZE = 10;
const PAIRS = 10;

/** People in rooms of ten, to which each pair comes as well. `run`: in the ids, so that no other run's are touched. */
export function planLoadPeople(run: string, count: number): LoadPeople {
  const room = (n: number) => `load-${run}-room${n}`;
  const users = Array.from({ length: count }, (_, n) => ({
    userId: `load-${run}-${n}`,
    conversationId: room(Math.floor(n / ROOM_SIZE)),
  }));
  const rooms = Math.ceil(count / ROOM_SIZE);
  const pairs = Array.from({ length: PAIRS }, (_, n) => {
    const conversationId = room(n % rooms);
    const one = (role: string) => ({ userId: `load-${run}-${role}${n}`, conversationId });
    return { comes: one("comes"), sees: one("sees") };
  });
  return { users, pairs };
}

export const everyone = ({ users, pairs }: LoadPeople): LoadUser[] => [
  ...users,
  ...pairs.flatMap(({ comes, sees }) => [comes, sees]),
];

async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Adds the people; changes no other user. */
export async function addLoadPeople(databaseUrl: string, people: readonly LoadUser[]): Promise<void> {
  const userIds = people.map(({ userId }) => userId);
  const rooms = people.map(({ conversationId }) => conversationId);
  await withDatabase(databaseUrl, async (client) => {
    await client.query(`INSERT INTO "User" (id, username) SELECT id, id FROM unnest($1::text[]) AS id`, [
      userIds,
    ]);
    await client.query(`INSERT INTO "Conversation" (id) SELECT DISTINCT unnest($1::text[])`, [rooms]);
    await client.query(
      `INSERT INTO "ConversationMember" ("conversationId", "userId") SELECT * FROM unnest($1::text[], $2::text[])`,
      [rooms, userIds],
    );
  });
}

const REMOVED_AT_ONCE = 20;

/**
 * Removes the people, their conversations and what they wrote: by `presence.account` where the stack gives credentials,
 * so that nothing of them stays on NATS either, and what is left of them in the database.
 */
export async function removeLoadPeople(
  { nats, database }: Pick<Stack, "nats" | "database">,
  people: readonly LoadUser[],
): Promise<void> {
  const userIds = people.map(({ userId }) => userId);
  const rooms = people.map(({ conversationId }) => conversationId);
  const { service } = nats.credentials;
  try {
    if (service) await deleteAccounts({ servers: nats.url, ...service }, userIds);
  } finally {
    await withDatabase(database.url, async (client) => {
      await client.query(`DELETE FROM "User" WHERE id = ANY($1)`, [userIds]);
      await client.query(`DELETE FROM "Conversation" WHERE id = ANY($1)`, [rooms]);
      await client.query(`DELETE FROM "PresenceTransition" WHERE "userId" = ANY($1)`, [userIds]);
    });
  }
}

async function deleteAccounts(
  options: { servers: string; user: string; password: string },
  userIds: readonly string[],
): Promise<void> {
  const presence = await createPresenceClient({ ...options, onError: () => {} });
  try {
    const rest = userIds.values();
    const work = async () => {
      for (const userId of rest) await presence.accountChanged(userId, "deleted");
    };
    await Promise.all(Array.from({ length: REMOVED_AT_ONCE }, work));
  } finally {
    await presence.close();
  }
}
