import { beforeEach, expect, test } from "vitest";
import { createPrismaDirectory } from "../../src/db/directory.ts";
import { addMember, block, removeMember, setPreferences, unblock } from "../../src/db/preferences.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();
const directory = () => createPrismaDirectory(database.db);
const notFound = { code: "not_found" };

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
  await addUsers(database.db, "ann", "bob");
  await addConversation(database.db, "room", { guests: ["anon_1"] });
});

test("preferences that are given are set, the others stay", async () => {
  expect(await setPreferences(database.db, "ann", { showLastSeen: false })).toEqual({
    showOnlineStatus: true,
    showLastSeen: false,
  });
  expect(await setPreferences(database.db, "ann", { showOnlineStatus: false })).toEqual({
    showOnlineStatus: false,
    showLastSeen: false,
  });
  expect(await setPreferences(database.db, "ann", {})).toEqual({
    showOnlineStatus: false,
    showLastSeen: false,
  });
  expect((await directory().users(["bob"])).get("bob")).toMatchObject({
    showOnlineStatus: true,
    showLastSeen: true,
  });
});

test("a block, and its end, count once however often they are asked for", async () => {
  expect(await block(database.db, "ann", "bob")).toBe(true);
  expect(await block(database.db, "ann", "bob")).toBe(false);
  expect(await directory().blocks("bob")).toEqual(["ann"]);
  expect(await unblock(database.db, "bob", "ann")).toBe(false);
  expect(await directory().blocks("bob")).toEqual(["ann"]);
  expect(await unblock(database.db, "ann", "bob")).toBe(true);
  expect(await unblock(database.db, "ann", "bob")).toBe(false);
  expect(await directory().blocks("bob")).toEqual([]);
});

test("nobody blocks themselves", async () => {
  await expect(block(database.db, "ann", "ann")).rejects.toMatchObject({ code: "bad_request" });
});

test("a member is added and removed once however often it is asked for, and can come back", async () => {
  const steps = [];
  for (const change of [addMember, addMember, removeMember, removeMember, addMember]) {
    steps.push([
      await change(database.db, "room", "ann"),
      (await directory().members("room")).includes("ann"),
    ]);
  }
  expect(steps).toEqual([
    [true, true],
    [false, true],
    [true, false],
    [false, false],
    [true, true],
  ]);
});

test("an anonymous participant is removed from their own conversation and can be put back there alone", async () => {
  await addConversation(database.db, "other");
  expect(await addMember(database.db, "room", "anon_1")).toBe(false);
  expect(await removeMember(database.db, "room", "anon_1")).toBe(true);
  expect(await removeMember(database.db, "room", "anon_1")).toBe(false);
  expect(await directory().members("room")).toEqual([]);
  await expect(addMember(database.db, "other", "anon_1")).rejects.toMatchObject(notFound);
  await expect(removeMember(database.db, "other", "anon_1")).rejects.toMatchObject(notFound);
  expect(await addMember(database.db, "room", "anon_1")).toBe(true);
  expect(await directory().members("room")).toEqual(["anon_1"]);
});

test.each(["nobody", "anon_nobody", "nul\0", "'; --"])("%j is found nowhere", async (id) => {
  const { db } = database;
  for (const attempt of [
    () => setPreferences(db, id, { showLastSeen: false }),
    () => block(db, "ann", id),
    () => block(db, id, "ann"),
    () => unblock(db, "ann", id),
    () => unblock(db, id, "ann"),
    () => addMember(db, "room", id),
    () => addMember(db, id, "ann"),
    () => removeMember(db, "room", id),
    () => removeMember(db, id, "ann"),
  ]) {
    await expect(attempt()).rejects.toMatchObject(notFound);
  }
});
