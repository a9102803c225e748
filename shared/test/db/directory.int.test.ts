import { beforeEach, expect, test } from "vitest";
import { createPrismaDirectory } from "../../src/db/directory.ts";
import { OWN_BLOCKS_MAX } from "../../src/directory.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();
const directory = () => createPrismaDirectory(database.db);

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
});

test("people are described in one statement as by all the others; unknown ids, and anonymous ones, are absent", async () => {
  await addUsers(database.db, "ann", "bob", "cat");
  await addConversation(database.db, "b", { members: ["ann", "bob"], guests: ["anon_1"] });
  await addConversation(database.db, "a", { members: ["ann"] });
  await addConversation(database.db, "left", { members: ["ann"] });
  await database.db.conversationMember.updateMany({
    where: { conversationId: "left" },
    data: { isActive: false },
  });
  await database.db.userBlock.createMany({
    data: [
      { blockerId: "ann", blockedId: "bob" },
      { blockerId: "cat", blockedId: "ann" },
    ],
  });
  const { people, users, conversations, conversationsOf, blocks, presences } = directory();
  const found = await people?.(["ann", "bob", "cat", "unknown", "anon_1", "nul\0"]);
  expect([...(found?.keys() ?? [])].sort()).toEqual(["ann", "bob", "cat"]);
  for (const [id, person] of found ?? []) {
    expect(person.user).toEqual((await users([id])).get(id));
    expect(person.presence).toEqual((await presences([id])).get(id));
    expect(person.conversations).toEqual(await conversations(id));
    expect(person.blocks.sort()).toEqual((await blocks(id)).sort());
  }
  const everyone = ["ann", "bob", "cat", "unknown", "anon_1", "nul\0"];
  const together = await conversationsOf?.(everyone);
  for (const id of everyone) expect(together?.get(id)).toEqual(await conversations(id));
  expect(found?.get("ann")?.conversations.map(({ title }) => title)).toEqual(["title of a", "title of b"]);
  expect(found?.get("ann")?.blocks).toEqual(["bob", "cat"]);
});

test("contacts are the active members of all the conversations, each once, anonymous ones included", async () => {
  await addUsers(database.db, "ann", "bob", "gone");
  await addConversation(database.db, "a", { members: ["ann", "gone"], guests: ["anon_1"] });
  await addConversation(database.db, "b", { members: ["ann", "bob"] });
  await addConversation(database.db, "elsewhere", { members: ["gone"] });
  await database.db.conversationMember.updateMany({
    where: { userId: "gone", conversationId: "a" },
    data: { isActive: false },
  });
  const { contacts, users } = directory();
  const found = (await contacts?.(["a", "b", "nowhere", "nul\0"])) ?? [];
  const ids = found.map(({ id }) => id).sort();
  expect(ids).toEqual(["ann", "anon_1", "bob"]);
  expect(new Map(found.map((user) => [user.id, user]))).toEqual(await users(ids));
});

test("10,000 foreign ids are looked up at once", async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `auth0|o'hara "${index}" 例え😀`);
  await addUsers(database.db, ...ids);
  expect([...(await directory().users(ids)).keys()].sort()).toEqual(ids.sort());
  expect((await directory().presences(ids)).size).toBe(10_000);
});

test("a person blocks a bounded number of people, and can still take one back", async () => {
  await addUsers(database.db, "ann", "bob");
  await database.db.userBlock.createMany({
    data: Array.from({ length: OWN_BLOCKS_MAX }, (_, n) => ({ blockerId: "ann", blockedId: `other-${n}` })),
  });
  const { writer } = directory();
  await expect(writer?.block("ann", "bob")).rejects.toMatchObject({ code: "too_many_ids" });
  expect(await writer?.block("ann", "other-1")).toBe(false);
  expect(await writer?.unblock("ann", "other-1")).toBe(true);
  expect(await writer?.block("ann", "bob")).toBe(true);
});
