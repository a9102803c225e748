import { expect, test } from "vitest";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();
const insert = (sql: string) => database.db.$queryRawUnsafe<Record<string, unknown>[]>(`${sql} RETURNING *`);

/** The release before reads no row without dates. */
const NEVER = new Date(0);

test("a person is inserted by name alone", async () => {
  const [user] = await insert(`INSERT INTO "User" ("username") VALUES ('ann')`);
  expect(user).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    username: "ann",
    email: null,
    displayName: null,
    role: "USER",
    isActive: true,
    isOnline: false,
    lastSeen: NEVER,
    lastActiveAt: NEVER,
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    showOnlineStatus: true,
    showLastSeen: true,
    presenceEpoch: 0,
    presenceVersion: 0n,
    sessionsRevokedAt: null,
    createdAt: expect.any(Date),
    updatedAt: expect.any(Date),
  });
});

test("every other table takes a plain INSERT of ids, names and foreign keys", async () => {
  await insert(`INSERT INTO "User" ("id", "username") VALUES ('bea', 'bea'), ('cid', 'cid')`);
  await insert(`INSERT INTO "Conversation" ("id", "title") VALUES ('room', 'Room')`);
  await insert(`INSERT INTO "ShareLink" ("id", "conversationId") VALUES ('link', 'room')`);
  const guest = `INSERT INTO "AnonymousParticipant" ("username", "shareLinkId", "conversationId")`;

  expect(await insert(`INSERT INTO "Conversation" DEFAULT VALUES`)).toHaveLength(1);
  expect(
    await insert(`INSERT INTO "ConversationMember" ("conversationId", "userId") VALUES ('room', 'bea')`),
  ).toEqual([{ conversationId: "room", userId: "bea", isActive: true }]);
  expect(
    await insert(`INSERT INTO "UserBlock" ("blockerId", "blockedId") VALUES ('bea', 'cid')`),
  ).toHaveLength(1);
  expect(await insert(`${guest} VALUES ('guest', 'link', 'room'), ('guest', 'link', 'room')`)).toMatchObject([
    {
      id: expect.stringMatching(/^anon_[0-9a-f-]{36}$/),
      isActive: true,
      isOnline: false,
      presenceVersion: 0n,
    },
    { sessionToken: expect.stringMatching(/^[0-9a-f-]{36}$/), lastSeenAt: expect.any(Date) },
  ]);
  expect(
    await insert(`INSERT INTO "Message" ("conversationId", "senderId") VALUES ('room', 'bea')`),
  ).toMatchObject([{ content: "", createdAt: expect.any(Date) }]);
  expect(await insert(`INSERT INTO "PresenceTransition" ("userId") VALUES ('auth0|1')`)).toMatchObject([
    { epoch: 0, version: 0n, from: "offline", to: "offline", at: expect.any(Date) },
  ]);
  expect(await insert(`INSERT INTO "PresenceLog" ("partition") VALUES (63)`)).toEqual([
    { partition: 63, epoch: 0, seq: 0n },
  ]);
});

test("two people may not share an e-mail address, and neither may two sessions a token", async () => {
  await insert(`INSERT INTO "User" ("username", "email") VALUES ('dan', 'dan@example.org')`);
  await expect(
    insert(`INSERT INTO "User" ("username", "email") VALUES ('dot', 'dan@example.org')`),
  ).rejects.toThrow("User_email_key");
  await insert(`INSERT INTO "Conversation" ("id") VALUES ('hall')`);
  await insert(`INSERT INTO "ShareLink" ("id", "conversationId") VALUES ('hall-link', 'hall')`);
  const guest = `INSERT INTO "AnonymousParticipant" ("sessionToken", "username", "shareLinkId", "conversationId")`;
  await insert(`${guest} VALUES ('token', 'guest', 'hall-link', 'hall')`);
  await expect(insert(`${guest} VALUES ('token', 'guest', 'hall-link', 'hall')`)).rejects.toThrow(
    "AnonymousParticipant_sessionToken_key",
  );
});

test("a person who is deleted takes memberships and blocks along, not messages and history", async () => {
  await insert(`INSERT INTO "User" ("id", "username") VALUES ('eve', 'eve'), ('fay', 'fay')`);
  await insert(`INSERT INTO "Conversation" ("id") VALUES ('den')`);
  await insert(`INSERT INTO "ConversationMember" ("conversationId", "userId") VALUES ('den', 'eve')`);
  await insert(`INSERT INTO "UserBlock" ("blockerId", "blockedId") VALUES ('eve', 'fay'), ('fay', 'eve')`);
  await insert(`INSERT INTO "Message" ("conversationId", "senderId") VALUES ('den', 'eve')`);
  await insert(`INSERT INTO "PresenceTransition" ("userId") VALUES ('eve')`);
  await database.db.user.delete({ where: { id: "eve" } });
  expect({
    members: await database.db.conversationMember.count({ where: { userId: "eve" } }),
    blocks: await database.db.userBlock.count({
      where: { OR: [{ blockerId: "eve" }, { blockedId: "eve" }] },
    }),
    messages: await database.db.message.count({ where: { senderId: "eve" } }),
    history: await database.db.presenceTransition.count({ where: { userId: "eve" } }),
  }).toEqual({ members: 0, blocks: 0, messages: 1, history: 1 });
});
