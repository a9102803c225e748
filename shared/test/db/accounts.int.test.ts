import { beforeEach, expect, test } from "vitest";
import { deactivate, deletePerson } from "../../src/db/accounts.ts";
import { createPrismaDirectory } from "../../src/db/directory.ts";
import { block } from "../../src/db/preferences.ts";
import { writeTransitions } from "../../src/db/transitions.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();

beforeEach(async () => {
  const { db } = database;
  await db.user.deleteMany();
  await db.conversation.deleteMany();
  await addUsers(db, "ann", "bob");
  await addConversation(db, "room", { members: ["ann", "bob"], guests: ["anon_1"] });
  await block(db, "ann", "bob");
});

test("an account is deactivated once however often it is asked for", async () => {
  for (const id of ["ann", "anon_1"]) {
    expect(await deactivate(database.db, id)).toBe(true);
    expect(await deactivate(database.db, id)).toBe(false);
    expect((await createPrismaDirectory(database.db).users([id])).get(id)?.isActive).toBe(false);
  }
  for (const id of ["nobody", "a\0b"]) expect(await deactivate(database.db, id)).toBe(false);
});

test("of a person who is deleted nothing stays but what they wrote", async () => {
  const { db } = database;
  await writeTransitions(db, [
    {
      userId: "ann",
      epoch: 1,
      version: 1,
      at: 0,
      from: "offline",
      to: "online",
      cause: "connect",
      connectionId: null,
      traceId: null,
    },
  ]);
  await db.message.create({ data: { conversationId: "room", senderId: "ann", content: "hello" } });
  for (const id of ["ann", "anon_1", "ann", "nobody", "a\0b"]) await deletePerson(db, id);
  expect(await db.user.findMany({ select: { id: true } })).toEqual([{ id: "bob" }]);
  expect(await createPrismaDirectory(db).members("room")).toEqual(["bob"]);
  expect(await createPrismaDirectory(db).blocks("bob")).toEqual([]);
  expect(await db.presenceTransition.count()).toBe(0);
  expect(await db.message.count()).toBe(1);
});
