import pg from "pg";
import { beforeEach, expect, test } from "vitest";
import { staleOnline, staleOnlineSql } from "../../src/db/stale-online.ts";
import { profileSchema } from "../../src/events.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();
const MINUTE = 60_000;

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
});

async function lastActive(id: string, minutesAgo: number, isOnline = true): Promise<void> {
  const data = { isOnline, lastActiveAt: new Date(Date.now() - minutesAgo * MINUTE) };
  await database.db.user.updateMany({ where: { id }, data });
  await database.db.anonymousParticipant.updateMany({ where: { id }, data });
}

const find = (limit = 100, thresholdMs = 5 * MINUTE) => staleOnline(database.db, { thresholdMs, limit });
const idsOf = (found: { userId: string }[]) => found.map(({ userId }) => userId);

test("only those are found who are online and were last active too long ago, the longest silent first", async () => {
  await addUsers(database.db, "fresh", "stale", "staler", "offline");
  await addConversation(database.db, "room", { guests: ["anon_fresh", "anon_stale"] });
  await lastActive("fresh", 1);
  await lastActive("stale", 10);
  await lastActive("staler", 30);
  await lastActive("offline", 40, false);
  await lastActive("anon_fresh", 1);
  await lastActive("anon_stale", 20);
  expect(idsOf(await find())).toEqual(["staler", "anon_stale", "stale"]);
  expect(idsOf(await find(2))).toEqual(["staler", "anon_stale"]);
  expect(await find(0)).toEqual([]);
});

test("what is found is all that a look says of a person", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "room", { members: ["ann"], guests: ["anon_1"] });
  await addConversation(database.db, "club", { members: ["ann"] });
  await addConversation(database.db, "left", { members: ["ann"] });
  await database.db.conversationMember.updateMany({
    where: { conversationId: "left" },
    data: { isActive: false },
  });
  const seen = new Date(Date.now() - 90 * MINUTE);
  await database.db.user.update({
    where: { id: "ann" },
    data: { availability: "busy", statusText: "é".repeat(200), availabilityExpiresAt: seen, lastSeen: seen },
  });
  await lastActive("ann", 20);
  await lastActive("anon_1", 10);
  const found = await find();
  expect(found).toEqual([
    {
      userId: "ann",
      profile: {
        username: "name of ann",
        isAnonymous: false,
        conversationIds: ["club", "room"],
        availability: "busy",
        statusText: "é".repeat(140),
        availabilityExpiresAt: seen.getTime(),
        lastActiveAt: expect.any(Number),
        lastSeen: seen.getTime(),
      },
    },
    {
      userId: "anon_1",
      profile: {
        username: "name of anon_1",
        isAnonymous: true,
        conversationIds: ["room"],
        availability: "available",
        statusText: null,
        availabilityExpiresAt: null,
        lastActiveAt: expect.any(Number),
        lastSeen: expect.any(Number),
      },
    },
  ]);
  for (const { profile } of found) expect(profileSchema.parse(profile)).toEqual(profile);
});

test("someone without conversations, or who left the only one, is found too", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  await database.db.anonymousParticipant.updateMany({ data: { isActive: false } });
  await lastActive("ann", 20);
  await lastActive("anon_1", 10);
  expect((await find()).map(({ profile }) => profile.conversationIds)).toEqual([[], []]);
});

test("the partial indexes are used even where plans are generic", async () => {
  await database.db.$executeRaw`INSERT INTO "User" ("username", "isOnline", "lastActiveAt")
    SELECT 'u', i % 100 = 0, now() - i * interval '1 second' FROM generate_series(1, 20000) i`;
  await addConversation(database.db, "room");
  await database.db
    .$executeRaw`INSERT INTO "AnonymousParticipant" ("username", "isOnline", "lastActiveAt", "shareLinkId", "conversationId")
    SELECT 'g', i % 100 = 0, now() - i * interval '1 second', 'room-link', 'room' FROM generate_series(1, 20000) i`;
  await database.db.$executeRaw`ANALYZE`;
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query("SET plan_cache_mode = force_generic_plan");
    await client.query(`PREPARE stale AS ${staleOnlineSql(5 * MINUTE, 100)}`);
    const { rows } = await client.query("EXPLAIN EXECUTE stale");
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain(`"User_lastActiveAt_online_idx"`);
    expect(plan).toContain(`"AnonymousParticipant_lastActiveAt_online_idx"`);
    expect(plan).not.toMatch(/Seq Scan on "(User|AnonymousParticipant)"/);
  } finally {
    await client.end();
  }
});

test.each([
  ["text", '1 millisecond\'; DROP TABLE "User"; --' as unknown as number],
  ["a fraction", 0.5],
  ["a negative", -1],
  ["NaN", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
])("a threshold or limit that is %s is refused before it reaches the database", async (_, value) => {
  await expect(find(10, value)).rejects.toThrow(RangeError);
  await expect(find(value)).rejects.toThrow(RangeError);
});
