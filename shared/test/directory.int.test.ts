import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrismaDirectory } from "../src/db/directory.ts";
import type { Directory } from "../src/directory.ts";
import { createHttpDirectory } from "../src/http/directory.ts";
import { createLogger } from "../src/runtime/logger.ts";
import {
  DIRECTORY_TOKEN,
  type DirectoryApp,
  type People,
  startDirectoryApp,
} from "../testing/directory-app.ts";
import { addConversation, addUsers, useDatabase } from "./db/use-database.ts";

/** What holds of a directory, whatever it reads from (CONTRACT 6): the same people, once in our tables, once elsewhere. */

const FOREIGN = "auth0|a/b?c=d#e %2e é🙂";
const GUEST = { participantId: "anon_1", username: "name of anon_1", conversationId: "a/b?c" };
const REVOKED = "2026-01-02T03:04:05.678Z";
const PEOPLE: People = {
  users: [
    { id: "ann", username: "name of ann" },
    { id: "bob", username: "name of bob" },
    { id: FOREIGN, username: `name of ${FOREIGN}` },
    {
      id: "root",
      username: "name of root",
      displayName: "Root",
      role: "ADMIN",
      isActive: false,
      showOnlineStatus: false,
      showLastSeen: false,
      sessionsRevokedAt: REVOKED,
    },
    { id: "anon_1", username: "name of anon_1" },
  ],
  conversations: [
    { id: "a/b?c", title: "title of a/b?c", members: ["ann", FOREIGN, "anon_1"] },
    { id: "room", title: "title of room", members: ["ann", "bob"] },
    { id: "empty", title: "title of empty", members: [] },
  ],
  blocks: [
    ["ann", "bob"],
    ["bob", "ann"],
    [FOREIGN, "ann"],
  ],
  sessions: { "session of anon_1": GUEST },
};

const database = useDatabase();
let app: DirectoryApp;
const directories = {} as Record<"our own tables" | "an application", Directory>;
beforeAll(async () => {
  const { db } = database;
  await addUsers(db, "ann", "bob", FOREIGN, "root");
  const { username: _, ...root } = PEOPLE.users[3] as { id: string; username: string };
  await db.user.update({ where: { id: "root" }, data: root });
  await addConversation(db, "a/b?c", { members: ["ann", FOREIGN], guests: ["anon_1"] });
  await addConversation(db, "room", { members: ["ann", "bob"] });
  await addConversation(db, "empty");
  await db.userBlock.createMany({
    data: PEOPLE.blocks.map(([blockerId, blockedId]) => ({ blockerId, blockedId })),
  });
  app = await startDirectoryApp(PEOPLE);
  directories["our own tables"] = createPrismaDirectory(db);
  directories["an application"] = createHttpDirectory({
    url: app.url,
    token: DIRECTORY_TOKEN,
    logger: createLogger("test", "silent"),
  });
});
afterAll(() => app?.stop());

const unknownIds = ["unknown", "anon_unknown", "nul\0", ".", "..", "../users/ann", "\ud800", "x".repeat(200)];

describe.each(["our own tables", "an application"] as const)("the directory over %s", (which) => {
  const directory = () => directories[which];

  it("names people by id, whatever is in it, and leaves out unknown ones", async () => {
    const ids = ["ann", "root", FOREIGN, "anon_1", "ann", ...unknownIds];
    const plain = {
      displayName: null,
      role: "USER",
      isAnonymous: false,
      isActive: true,
      showOnlineStatus: true,
      showLastSeen: true,
      sessionsRevokedAt: null,
    };
    const expected = [
      { ...plain, ...PEOPLE.users[0] },
      { ...plain, ...PEOPLE.users[3], sessionsRevokedAt: Date.parse(REVOKED) },
      { ...plain, ...PEOPLE.users[2] },
      { ...plain, ...PEOPLE.users[4], isAnonymous: true },
    ];
    const found = await directory().users(ids);
    expect([...found.values()]).toHaveLength(expected.length);
    for (const user of expected) expect(found.get(user.id ?? "")).toEqual(user);
    expect(await directory().users([])).toEqual(new Map());
  });

  it("gives the conversations of a person, and of an anonymous participant", async () => {
    const of = async (id: string) =>
      (await directory().conversations(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const shared = { id: "a/b?c", title: "title of a/b?c" };
    expect(await of("ann")).toEqual([shared, { id: "room", title: "title of room" }]);
    expect(await of(FOREIGN)).toEqual([shared]);
    expect(await of("anon_1")).toEqual([shared]);
    for (const id of unknownIds) expect(await of(id)).toEqual([]);
  });

  it("gives the members of a conversation, anonymous participants included", async () => {
    expect((await directory().members("a/b?c")).sort()).toEqual(["ann", "anon_1", FOREIGN].sort());
    expect(await directory().members("empty")).toEqual([]);
    for (const id of unknownIds) expect(await directory().members(id)).toEqual([]);
    const counts = await directory().memberCounts(["a/b?c", "room", "empty", "a/b?c", ...unknownIds]);
    const countOf = (id: string) => counts.get(id) ?? 0;
    expect(["a/b?c", "room", "empty", ...unknownIds].map(countOf)).toEqual([
      3,
      2,
      0,
      ...unknownIds.map(() => 0),
    ]);
  });

  it("counts blocks in both directions, once each", async () => {
    expect((await directory().blocks("ann")).sort()).toEqual(["bob", FOREIGN].sort());
    expect(await directory().blocks(FOREIGN)).toEqual(["ann"]);
    for (const id of unknownIds) expect(await directory().blocks(id)).toEqual([]);
  });

  it("opens a session by its token alone", async () => {
    const unknown = ["unknown", "", "nul\0", "../users", "\ud800"];
    expect(await directory().anonymousSessions([...unknown, "session of anon_1"])).toEqual(
      new Map([["session of anon_1", { ...GUEST, expiresAt: null }]]),
    );
  });
});
