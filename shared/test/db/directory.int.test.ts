import { beforeEach, expect, test } from "vitest";
import { createPrismaDirectory } from "../../src/db/directory.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();
const directory = () => createPrismaDirectory(database.db);

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
});

test("people are named by id, registered and anonymous ones alike; ids of nobody are absent", async () => {
  await addUsers(database.db, "ann");
  await database.db.user.create({
    data: {
      id: "root",
      username: "root",
      displayName: "Root",
      role: "ADMIN",
      isActive: false,
      showOnlineStatus: false,
      showLastSeen: false,
    },
  });
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  const users = await directory().users(["ann", "root", "anon_1", "nobody", "anon_nobody", "ann", "nul\0"]);
  expect(users).toEqual(
    new Map([
      [
        "ann",
        {
          id: "ann",
          username: "name of ann",
          displayName: null,
          role: "USER",
          isAnonymous: false,
          isActive: true,
          showOnlineStatus: true,
          showLastSeen: true,
        },
      ],
      [
        "root",
        {
          id: "root",
          username: "root",
          displayName: "Root",
          role: "ADMIN",
          isAnonymous: false,
          isActive: false,
          showOnlineStatus: false,
          showLastSeen: false,
        },
      ],
      [
        "anon_1",
        {
          id: "anon_1",
          username: "name of anon_1",
          displayName: null,
          role: "USER",
          isAnonymous: true,
          isActive: true,
          showOnlineStatus: true,
          showLastSeen: true,
        },
      ],
    ]),
  );
  expect(await directory().users([])).toEqual(new Map());
});

test("presences are read as stored, for both kinds of people", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  const [active, seen, expiry] = [1, 2, 3].map((hour) => new Date(Date.UTC(2030, 0, 1, hour, 0, 0, 7)));
  const position = { presenceEpoch: 4, presenceVersion: 2n ** 40n, isOnline: true };
  await database.db.user.update({
    where: { id: "ann" },
    data: {
      ...position,
      lastActiveAt: active as Date,
      lastSeen: seen as Date,
      availability: "invisible",
      statusText: "x".repeat(150),
      availabilityExpiresAt: expiry as Date,
    },
  });
  await database.db.anonymousParticipant.update({
    where: { id: "anon_1" },
    data: { ...position, lastActiveAt: active as Date, lastSeenAt: seen as Date },
  });
  const common = {
    isOnline: true,
    lastActiveAt: active?.getTime(),
    lastSeen: seen?.getTime(),
    epoch: 4,
    version: 2 ** 40,
  };
  expect(await directory().presences(["ann", "anon_1", "nobody"])).toEqual(
    new Map([
      [
        "ann",
        {
          ...common,
          userId: "ann",
          availability: "invisible",
          statusText: "x".repeat(140),
          availabilityExpiresAt: expiry?.getTime(),
        },
      ],
      [
        "anon_1",
        {
          ...common,
          userId: "anon_1",
          availability: "available",
          statusText: null,
          availabilityExpiresAt: null,
        },
      ],
    ]),
  );
});

test("conversations are the active ones of the person, of an anonymous participant the one they joined", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "b", { members: ["ann"], guests: ["anon_1", "anon_left"] });
  await addConversation(database.db, "a", { members: ["ann"] });
  await addConversation(database.db, "left", { members: ["ann"] });
  await database.db.conversationMember.updateMany({
    where: { conversationId: "left" },
    data: { isActive: false },
  });
  await database.db.anonymousParticipant.update({ where: { id: "anon_left" }, data: { isActive: false } });
  expect(await directory().conversations("ann")).toEqual([
    { id: "a", title: "title of a" },
    { id: "b", title: "title of b" },
  ]);
  expect(await directory().conversations("anon_1")).toEqual([{ id: "b", title: "title of b" }]);
  for (const id of ["anon_left", "nobody", "nul\0"]) expect(await directory().conversations(id)).toEqual([]);
});

test("members are the active ones, anonymous participants included", async () => {
  await addUsers(database.db, "ann", "bob", "gone");
  await addConversation(database.db, "room", {
    members: ["ann", "bob", "gone"],
    guests: ["anon_1", "anon_gone"],
  });
  await addConversation(database.db, "other", { members: ["gone"], guests: ["anon_2"] });
  await database.db.conversationMember.updateMany({ where: { userId: "gone" }, data: { isActive: false } });
  await database.db.anonymousParticipant.update({ where: { id: "anon_gone" }, data: { isActive: false } });
  expect((await directory().members("room")).sort()).toEqual(["ann", "anon_1", "bob"]);
  for (const id of ["nowhere", "nul\0"]) expect(await directory().members(id)).toEqual([]);
  expect(await directory().memberCounts(["room", "other", "nowhere", "nul\0"])).toEqual(
    new Map([
      ["room", 3],
      ["other", 1],
    ]),
  );
  expect(await directory().memberCounts([])).toEqual(new Map());
});

test("blocks count in both directions, once each", async () => {
  await addUsers(database.db, "ann", "bob", "cat", "dan");
  await database.db.userBlock.createMany({
    data: [
      { blockerId: "ann", blockedId: "bob" },
      { blockerId: "bob", blockedId: "ann" },
      { blockerId: "cat", blockedId: "ann" },
      { blockerId: "cat", blockedId: "dan" },
    ],
  });
  expect((await directory().blocks("ann")).sort()).toEqual(["bob", "cat"]);
  for (const id of ["nobody", "anon_1", "nul\0"]) expect(await directory().blocks(id)).toEqual([]);
});

test("newcomers are described in one answer as by all the others; ids of nobody, and anonymous ones, are absent", async () => {
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
  const { newcomers, users, conversations, blocks, presences } = directory();
  const found = await newcomers?.(["ann", "bob", "cat", "nobody", "anon_1", "nul\0"]);
  expect([...(found?.keys() ?? [])].sort()).toEqual(["ann", "bob", "cat"]);
  for (const [id, newcomer] of found ?? []) {
    expect(newcomer.user).toEqual((await users([id])).get(id));
    expect(newcomer.presence).toEqual((await presences([id])).get(id));
    expect(newcomer.conversations).toEqual(await conversations(id));
    expect(newcomer.blocks.sort()).toEqual((await blocks(id)).sort());
  }
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

test("a session opens for who is active, by a link that is active and not expired", async () => {
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  const open = () => directory().anonymousSession("session of anon_1");
  const setLink = (data: { isActive?: boolean; expiresAt?: Date | null }) =>
    database.db.shareLink.updateMany({ data });
  const session = { participantId: "anon_1", username: "name of anon_1", conversationId: "room" };
  expect(await open()).toEqual(session);
  await setLink({ expiresAt: new Date(Date.now() + 3_600_000) });
  expect(await open()).toEqual(session);
  await setLink({ expiresAt: new Date(Date.now() - 1_000) });
  expect(await open()).toBeUndefined();
  await setLink({ expiresAt: null, isActive: false });
  expect(await open()).toBeUndefined();
  await setLink({ isActive: true });
  await database.db.anonymousParticipant.updateMany({ data: { isActive: false } });
  expect(await open()).toBeUndefined();
  for (const token of ["unknown", "", "nul\0"])
    expect(await directory().anonymousSession(token)).toBeUndefined();
});

test("10,000 foreign ids are looked up at once", async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `auth0|o'hara "${index}" 例え😀`);
  await addUsers(database.db, ...ids);
  expect([...(await directory().users(ids)).keys()].sort()).toEqual(ids.sort());
  expect((await directory().presences(ids)).size).toBe(10_000);
});
