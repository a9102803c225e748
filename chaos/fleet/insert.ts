import type { Pool } from "pg";
import type { Population } from "./population.ts";

/** Puts a population into an empty database. */
export async function insertPopulation(
  pool: Pool,
  { users, members }: Pick<Population, "users" | "members">,
): Promise<void> {
  await pool.query(`INSERT INTO "User" (id, username) SELECT id, id FROM unnest($1::text[]) AS id`, [users]);
  await pool.query(`INSERT INTO "Conversation" (id) SELECT unnest($1::text[])`, [[...members.keys()]]);
  const pairs = [...members].flatMap(([room, userIds]) => userIds.map((userId) => ({ room, userId })));
  await pool.query(
    `INSERT INTO "ConversationMember" ("conversationId", "userId") SELECT * FROM unnest($1::text[], $2::text[])`,
    [pairs.map(({ room }) => room), pairs.map(({ userId }) => userId)],
  );
}
