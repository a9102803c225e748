import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Directory } from "../../src/directory.ts";
import { createHttpDirectory } from "../../src/http/directory.ts";
import { createLogger } from "../../src/runtime/logger.ts";
import { MAX_ID_LENGTH } from "../../src/subjects.ts";
import { DIRECTORY_TOKEN, type DirectoryApp, startDirectoryApp } from "../../testing/directory-app.ts";

let app: DirectoryApp;
let directory: Directory;
const leftOut: object[] = [];
const GUEST = { participantId: "anon_1", username: "guest", conversationId: "room" };
const open = (given: { token?: string; timeoutMs?: number } = {}) =>
  createHttpDirectory({
    url: app.url,
    token: DIRECTORY_TOKEN,
    timeoutMs: 2_000,
    logger: createLogger("test", "silent"),
    onLeftOut: (list, count) => leftOut.push({ list, count }),
    ...given,
  });
beforeAll(async () => {
  app = await startDirectoryApp();
});
afterAll(() => app?.stop());
beforeEach(() => {
  app.intercept = () => undefined;
  app.people.users = ["ann", "bob"].map((id) => ({ id, username: `name of ${id}` }));
  app.people.conversations = [{ id: "room", title: "the room", members: ["ann"] }];
  app.people.blocks = [];
  app.people.sessions = {};
  app.asked.length = 0;
  leftOut.length = 0;
  directory = open();
});

const nameOf = async (id: string) => (await directory.users([id])).get(id)?.username;

describe("an application that fails", () => {
  it("once is asked again", async () => {
    let failures = 1;
    app.intercept = (_request, reply) => failures-- > 0 && reply.code(503).send();
    expect(await nameOf("ann")).toBe("name of ann");
    expect(app.asked).toHaveLength(2);
  });

  it("twice is away", async () => {
    app.intercept = (_request, reply) => reply.code(500).send();
    await expect(directory.conversations("ann")).rejects.toThrow("500");
    expect(app.asked).toHaveLength(2);
  });

  it("with an answer that would be the same again is not asked again", async () => {
    directory = open({ token: "another token" });
    await expect(directory.users(["ann"])).rejects.toThrow("401");
    expect(app.asked).toHaveLength(1);
  });

  it("to answer in time is away", async () => {
    directory = open({ timeoutMs: 100 });
    app.intercept = () => new Promise(() => {});
    await expect(directory.members("room")).rejects.toThrow();
    expect(app.asked).toHaveLength(2);
  });

  it("with a redirect counts as away", async () => {
    app.intercept = (_request, reply) => reply.redirect("/presence/users/bob");
    await expect(directory.users(["ann"])).rejects.toThrow();
  });
});

describe("an answer that makes no sense", () => {
  it.each<[string, object]>([
    ["no name", { id: "ann" }],
    ["another person's", { id: "bob", username: "bob" }],
    ["no way to know whether the account is active", { id: "ann", username: "ann", isActive: "perhaps" }],
    ["no way to know which tokens are refused", { id: "ann", username: "ann", sessionsRevokedAt: "soon" }],
  ])("counts as no such person, and affects no other: %s", async (_, answer) => {
    app.people.users = [answer as { id: string; username: string }, { id: "cat", username: "cat" }];
    app.intercept = ({ url }, reply) => url.endsWith("/ann") && reply.send(answer);
    expect([...(await directory.users(["ann", "cat"])).keys()]).toEqual(["cat"]);
  });

  it.each<[string, string]>([
    ["no list", "{}"],
    ["people who cannot be read", '{ "userIds": ["cat", { "id": "bob" }] }'],
    ["no JSON", "<html>"],
    ["too much", JSON.stringify({ userIds: ["x"], more: "y".repeat(9_000_000) })],
  ])("is a failure where blocks are asked for: %s", async (_, body) => {
    app.intercept = (_request, reply) => reply.type("application/json").send(body);
    await expect(directory.blocks("ann")).rejects.toThrow();
    expect(leftOut).toEqual([]);
  });

  it.each(["{}", '{ "conversations": {}, "userIds": "ann" }'])(
    "is a failure where members or conversations are asked for and there is no list: %s",
    async (body) => {
      app.intercept = (_request, reply) => reply.type("application/json").send(body);
      await expect(directory.members("room")).rejects.toThrow();
      await expect(directory.conversations("ann")).rejects.toThrow();
    },
  );

  it.each<[string, object]>([
    ["no participant", { username: "guest", conversationId: "room" }],
    ["a registered person", { participantId: "bob", username: "guest", conversationId: "room" }],
    ["an end that is no date", { ...GUEST, expiresAt: "soon" }],
  ])("is no session, and affects no other: %s", async (_, answer) => {
    app.people.sessions = { bad: answer as typeof GUEST, good: GUEST };
    expect([...(await directory.anonymousSessions(["bad", "good"])).keys()]).toEqual(["good"]);
  });
});

describe("what cannot be kept as it is given", () => {
  const tooLong = "x".repeat(MAX_ID_LENGTH + 1);

  it("is left out of a list, and counted", async () => {
    app.people.conversations = [tooLong, "room"].map((id) => ({ id, title: id, members: ["ann"] }));
    expect(await directory.conversations("ann")).toEqual([{ id: "room", title: "room" }]);
    app.people.conversations = [{ id: "room", title: "room", members: ["ann", tooLong, "", "bob"] }];
    expect(await directory.members("room")).toEqual(["ann", "bob"]);
    expect(await directory.memberCounts(["room"])).toEqual(new Map([["room", 2]]));
    app.people.blocks = [
      ["ann", tooLong],
      ["ann", "bob"],
    ];
    expect(await directory.blocks("ann")).toEqual(["bob"]);
    const ofMembers = { list: "members", count: 2 };
    expect(leftOut).toEqual([
      { list: "conversations", count: 1 },
      ofMembers,
      ofMembers,
      { list: "blocks", count: 1 },
    ]);
  });

  it("is left out of a list when it is no entry of such a list at all", async () => {
    app.intercept = (_request, reply) =>
      reply.send({
        conversations: [null, "room", { id: 7 }, { id: "room", title: 7 }],
        userIds: [null, 7, "ann"],
      });
    expect(await directory.conversations("ann")).toEqual([{ id: "room", title: null }]);
    expect(await directory.members("room")).toEqual(["ann"]);
    expect(leftOut).toEqual([
      { list: "conversations", count: 3 },
      { list: "members", count: 2 },
    ]);
  });

  it("is cut where it is a name", async () => {
    const name = "n".repeat(501);
    app.people.users = [{ id: "ann", username: name, displayName: name }];
    app.people.sessions = { one: { ...GUEST, username: name } };
    const ann = (await directory.users(["ann"])).get("ann");
    expect([ann?.username, ann?.displayName]).toEqual([name.slice(1), name.slice(1)]);
    expect((await directory.anonymousSessions(["one"])).get("one")?.username).toBe(name.slice(1));
  });

  it.each<[string, object, object]>([
    ["a role of the application's own", { role: "MODERATOR" }, { role: "USER" }],
    ["a name to display that is none", { displayName: 7 }, { displayName: null }],
    ["a preference that is none hides", { showOnlineStatus: null }, { showOnlineStatus: false }],
    ["another preference that is none hides", { showLastSeen: "no" }, { showLastSeen: false }],
  ])("reads as the nearest that is known: %s", async (_, given, expected) => {
    app.people.users = [{ id: "ann", username: "ann", ...given }];
    expect((await directory.users(["ann"])).get("ann")).toMatchObject(expected);
  });
});

describe("an answer with a tag", () => {
  const tagWith = (etag: string) => {
    app.intercept = (request, reply) => {
      reply.headers({ etag, "cache-control": "max-age=60" });
      if (request.headers["if-none-match"] === etag) return reply.code(304).send();
    };
  };

  it("is asked for each time, and read again only when its tag has changed", async () => {
    tagWith('"1"');
    expect(await nameOf("ann")).toBe("name of ann");
    app.people.users[0] = { id: "ann", username: "another name" };
    expect(await nameOf("ann")).toBe("name of ann");
    expect(await nameOf("bob")).toBe("name of bob");
    expect(app.asked).toHaveLength(3);
    tagWith('"2"');
    expect(await nameOf("ann")).toBe("another name");
  });

  it("is forgotten with the person", async () => {
    tagWith('"1"');
    await nameOf("ann");
    app.intercept = (request, reply) => request.headers["if-none-match"] && reply.code(404).send();
    expect(await nameOf("ann")).toBeUndefined();
    app.intercept = (request, reply) => request.headers["if-none-match"] && reply.code(500).send();
    expect(await nameOf("ann")).toBe("name of ann");
  });
});
