import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Directory } from "../../src/directory.ts";
import { createHttpDirectory } from "../../src/http/directory.ts";
import { createLogger } from "../../src/runtime/logger.ts";
import { DIRECTORY_TOKEN, type DirectoryApp, startDirectoryApp } from "../../testing/directory-app.ts";

let app: DirectoryApp;
let directory: Directory;
const open = (given: { token?: string; timeoutMs?: number } = {}) =>
  createHttpDirectory({
    url: app.url,
    token: DIRECTORY_TOKEN,
    timeoutMs: 2_000,
    logger: createLogger("test", "silent"),
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
  app.asked.length = 0;
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
    ["a role that is none", { id: "ann", username: "ann", role: "KING" }],
  ])("counts as no such person, and affects no other: %s", async (_, answer) => {
    app.people.users = [answer as { id: string; username: string }, { id: "cat", username: "cat" }];
    app.intercept = ({ url }, reply) => url.endsWith("/ann") && reply.send(answer);
    expect([...(await directory.users(["ann", "cat"])).keys()]).toEqual(["cat"]);
  });

  it.each<[string, string]>([
    ["no list", "{}"],
    ["ids that are none", '{ "userIds": [""] }'],
    ["no JSON", "<html>"],
    ["too much", JSON.stringify({ userIds: ["x"], more: "y".repeat(9_000_000) })],
  ])("is a failure where a list is asked for: %s", async (_, body) => {
    app.intercept = (_request, reply) => reply.type("application/json").send(body);
    await expect(directory.blocks("ann")).rejects.toThrow();
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
