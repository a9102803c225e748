import { beforeEach, expect, test } from "vitest";
import { createPrismaDirectory } from "../../src/db/directory.ts";
import { seedDemo } from "../../src/db/seed.ts";
import { DEMO } from "../../src/demo.ts";
import { addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
  await database.db.message.deleteMany();
});

test("an empty database gets the demo people, who share what the demo shows", async () => {
  expect(await seedDemo(database.url)).toEqual({ seeded: true });
  const directory = createPrismaDirectory(database.db);
  const users = await directory.users(["alice", "bob", "carol", "dave", "admin"]);
  expect([...users.values()].map(({ id, username }) => id === username)).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
  expect(users.get("admin")?.role).toBe("ADMIN");
  const conversations = async (id: string) => (await directory.conversations(id)).map((one) => one.id);
  const ofAlice = await conversations("alice");
  const shared = async (id: string) =>
    (await conversations(id)).filter((one) => ofAlice.includes(one)).length;
  expect({ bob: await shared("bob"), carol: await shared("carol"), dave: await shared("dave") }).toEqual({
    bob: 2,
    carol: 1,
    dave: 0,
  });
  const { sessionToken } = DEMO.guest;
  expect((await directory.anonymousSessions([sessionToken])).get(sessionToken)).toEqual({
    participantId: "anon_demo",
    username: "guest",
    conversationId: "general",
    expiresAt: null,
  });
  expect(await database.db.message.count()).toBe(DEMO.messages.length);
});

test("seeding again, or from several processes at once, adds nothing", async () => {
  const results = await Promise.all([1, 2, 3, 4].map(() => seedDemo(database.url)));
  expect(results.filter(({ seeded }) => seeded)).toHaveLength(1);
  expect(await seedDemo(database.url)).toEqual({ seeded: false });
  expect(await database.db.user.count()).toBe(DEMO.users.length);
  expect(await database.db.message.count()).toBe(DEMO.messages.length);
});

test("a database with people of its own is left alone", async () => {
  await addUsers(database.db, "own");
  expect(await seedDemo(database.url)).toEqual({ seeded: false });
  expect(await database.db.user.count()).toBe(1);
  expect(await database.db.conversation.count()).toBe(0);
});
