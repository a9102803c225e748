import type { UserStatus } from "@meeshy/shared/status";
import { hiddenStatus } from "@meeshy/shared/status";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";

let postgres: TestPostgres;
let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  servers = await startServers({ postgres });
  const { db } = servers;
  await db.user.createMany({
    data: [
      { id: "erin", username: "erin", isActive: false },
      { id: "auth0|5.f*>7 é/x", username: "foreign" },
      {
        id: "rested",
        username: "rested",
        isOnline: false,
        lastSeen: new Date("2026-01-01T10:00:00Z"),
        lastActiveAt: new Date("2026-01-01T09:59:00Z"),
        presenceEpoch: 1,
        presenceVersion: 55,
      },
      { id: "ghost", username: "ghost", availability: "invisible", isOnline: true },
    ],
  });
  await db.conversationMember.createMany({
    data: ["auth0|5.f*>7 é/x", "rested", "ghost"].map((userId) => ({ conversationId: "general", userId })),
  });
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

const get = (path: string, as = "alice") => call(gateway.url, path, { as });

describe("a request that cannot be served", () => {
  const json = { "content-type": "application/json" };
  const post = (body: string, headers: Record<string, string> = json) => ({ method: "POST", headers, body });
  it.each<[string, string, RequestInit & { as?: string }, number, string]>([
    ["without a token", "/api/users/me", {}, 401, "unauthorized"],
    [
      "with a bad token",
      "/api/users/me",
      { headers: { authorization: "Bearer x.y.z" } },
      401,
      "unauthorized",
    ],
    [
      "with another scheme",
      "/api/users/me",
      { headers: { authorization: "Basic eDp5" } },
      401,
      "unauthorized",
    ],
    [
      "with an expired token",
      "/api/users/me",
      { headers: { authorization: `Bearer ${tokenFor("alice", {}, { expiresIn: -1 })}` } },
      401,
      "token_expired",
    ],
    ["with a lost session", "/api/users/me", { headers: { "x-session-token": "x" } }, 401, "session_expired"],
    ["of a disabled account", "/api/users/me", { as: "erin" }, 403, "account_disabled"],
    ["to no route", "/api/nothing", { as: "alice" }, 404, "not_found"],
    ["to no route at all", "/nothing", {}, 404, "not_found"],
    ["by a method of no route", "/api/users/me", { as: "alice", method: "DELETE" }, 404, "not_found"],
    ["on a path that cannot be read", "/api/users/%zz", { as: "alice" }, 400, "bad_request"],
    ["for an id that is too long", `/api/users/${"x".repeat(201)}`, { as: "alice" }, 400, "bad_request"],
    ["for no ids", "/api/users/presence", { as: "alice" }, 400, "bad_request"],
    ["for an empty id", "/api/users/presence?ids=a,,b", { as: "alice" }, 400, "bad_request"],
    [
      "for a long id of many",
      `/api/users/presence?ids=a,${"x".repeat(201)}`,
      { as: "alice" },
      400,
      "bad_request",
    ],
    ["for 201 ids", `/api/users/presence?ids=${ids(201)}`, { as: "alice" }, 400, "too_many_ids"],
    ["for 10,000 ids", `/api/users/presence?ids=${ids(10_000)}`, { as: "alice" }, 400, "too_many_ids"],
    [
      "with a head beyond reason",
      `/api/users/presence?ids=${ids(20_000)}`,
      { as: "alice" },
      431,
      "payload_too_large",
    ],
    ["for a conversation of others", "/api/conversations/notes/presence", { as: "alice" }, 404, "not_found"],
    ["for no conversation", "/api/conversations/nope/presence", { as: "alice" }, 404, "not_found"],
    ["for others' messages", "/api/messages/notes", { as: "alice" }, 404, "not_found"],
    ["for a page of zero", "/api/messages/general?limit=0", { as: "alice" }, 400, "bad_request"],
    ["for a page that is none", "/api/messages/general?cursor=abc", { as: "alice" }, 400, "bad_request"],
    ["with broken JSON", "/api/messages", { as: "alice", ...post("{") }, 400, "bad_request"],
    ["with an empty body", "/api/messages", { as: "alice", ...post("") }, 400, "bad_request"],
    ["with another shape", "/api/messages", { as: "alice", ...post('{"content":1}') }, 400, "bad_request"],
    ["with a prototype", "/api/messages", { as: "alice", ...post('{"__proto__":{}}') }, 400, "bad_request"],
    [
      "with a body nested beyond reason",
      "/api/messages",
      { as: "alice", ...post(`{"content":${"[".repeat(33)}${"]".repeat(33)}}`) },
      400,
      "bad_request",
    ],
    [
      "with another type",
      "/api/messages",
      { as: "alice", ...post("a=b", { "content-type": "text/csv" }) },
      400,
      "bad_request",
    ],
    [
      "with a huge body",
      "/api/messages",
      { as: "alice", ...post(JSON.stringify("x".repeat(70_000))) },
      413,
      "payload_too_large",
    ],
    ["to an admin route without a token", "/api/admin/maintenance/stats", {}, 401, "unauthorized"],
    [
      "to an admin route without the claim",
      "/api/admin/maintenance/stats",
      { as: "admin" },
      403,
      "forbidden",
    ],
  ])("%s gets its error in our shape", async (_, path, init, status, code) => {
    const answer = await call(gateway.url, path, init);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code, message: expect.any(String), retryable: false } });
  });

  function ids(count: number): string {
    return Array.from({ length: count }, (_, n) => `user-${n}`).join(",");
  }

  it("names the fields of a body that are wrong, and nothing of the inside", async () => {
    const answer = await call(gateway.url, "/api/messages", { as: "alice", ...post('{"content":1}') });
    expect(answer.body).toEqual({
      error: {
        code: "bad_request",
        message: "The request does not have the shape of this route.",
        retryable: false,
        details: [
          { path: "/conversationId", message: expect.any(String) },
          { path: "/content", message: expect.any(String) },
        ],
      },
    });
  });
});

describe("statuses", () => {
  it("come one for each id, in the order asked, strangers and unknown users alike", async () => {
    await servers.publishStatus("bob", { conversationIds: ["general"], version: 10 });
    const own = await signIn(gateway.url, "alice");
    await servers.publishStatus("carol", { conversationIds: ["general"], version: 11 });
    await own.nth("user:status");
    const { body } = await get("/api/users/presence?ids=missing,bob,dave,bob,anon_x");
    expect(body).toEqual({
      users: [
        hiddenStatus("missing", null),
        expect.objectContaining({ userId: "bob", isOnline: true, version: 10 }),
        hiddenStatus("dave", null),
        hiddenStatus("anon_x", null),
      ],
      serverTime: expect.any(String),
    });
    own.close();
  });

  it("come from the row for users who have left the stream", async () => {
    expect((await get("/api/users/rested")).body).toEqual({
      user: {
        ...hiddenStatus("rested", "rested"),
        lastActiveAt: "2026-01-01T09:59:00.000Z",
        lastSeen: "2026-01-01T10:00:00.000Z",
        epoch: 1,
        version: 55,
        at: "2026-01-01T10:00:00.000Z",
      },
    });
  });

  it("do not show an invisible user", async () => {
    expect((await get("/api/users/ghost")).body).toMatchObject({
      user: { isOnline: false, availability: "available" },
    });
  });

  it("are read for ids of other systems", async () => {
    const id = "auth0|5.f*>7 é/x";
    const { status, body } = await get(`/api/users/${encodeURIComponent(id)}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { userId: id, username: "foreign" } });
    const longest = "🙂".repeat(100);
    expect((await get(`/api/users/${encodeURIComponent(longest)}`)).body).toEqual({
      user: hiddenStatus(longest, null),
    });
  });

  it("are one's own under /status, whatever one hides", async () => {
    await servers.db.user.create({ data: { id: "shy", username: "shy", showOnlineStatus: false } });
    await servers.db.user.update({ where: { id: "shy" }, data: { isOnline: true, presenceVersion: 3 } });
    expect((await get("/api/users/status", "shy")).body).toMatchObject({
      user: { isOnline: true, version: 3 },
    });
  });
});

describe("the caller", () => {
  it("sees themself and their open connections", async () => {
    const [alice, alsoAlice] = await Promise.all(["alice", "alice"].map((id) => signIn(gateway.url, id)));
    const { body } = await get("/api/users/me");
    const idOf = async (client: typeof alice) =>
      (await client?.nth<{ connectionId: string }>("authenticated"))?.connectionId;
    expect(body).toMatchObject({
      user: { id: "alice", userId: "alice", username: "alice", displayName: "Alice" },
    });
    expect(
      (body.connections as { connectionId: string }[]).map(({ connectionId }) => connectionId).sort(),
    ).toEqual([await idOf(alice), await idOf(alsoAlice)].sort());
    expect(body.connections).toMatchObject([{ gatewayId: expect.stringMatching(/^gw-/), device: null }, {}]);
    alice?.close();
    alsoAlice?.close();
  });

  it("sees their conversations, and who is there", async () => {
    expect((await get("/api/conversations")).body).toEqual({
      conversations: [
        { id: "general", title: "General" },
        { id: "project", title: "Project" },
      ],
    });
    const seenByAlice = (await get("/api/conversations/general/presence")).body;
    expect(seenByAlice).toMatchObject({ online: 2, total: 7 });
    expect((seenByAlice.users as { userId: string }[]).map(({ userId }) => userId).sort()).toEqual(
      ["alice", "bob", "carol", "rested", "ghost", "anon_demo", "auth0|5.f*>7 é/x"].sort(),
    );
    const seenByGuest = await call(gateway.url, "/api/conversations/general/presence", {
      headers: { "x-session-token": "demo-session-token" },
    });
    expect(seenByGuest.body).toMatchObject({ online: 2, total: 7 });
  });
});

describe("messages", () => {
  it("are posted, and read back newest first, page by page", async () => {
    const send = (content: string) =>
      call(gateway.url, "/api/messages", {
        as: "bob",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ conversationId: "project", content }),
      });
    const { status, body } = await send("one");
    expect(status).toBe(201);
    expect(body).toEqual({
      message: {
        id: expect.any(String),
        conversationId: "project",
        senderId: "bob",
        content: "one",
        createdAt: expect.any(String),
      },
    });
    await send("two");
    const first = (await get("/api/messages/project?limit=3")).body;
    const second = (await get(`/api/messages/project?limit=3&cursor=${first.nextCursor}`)).body;
    const contents = [first, second].flatMap(({ messages }) =>
      (messages as { content: string }[]).map(({ content }) => content),
    );
    expect(contents).toEqual(["two", "one", "Reading it now.", "The draft is ready for review."]);
    expect(second.nextCursor).toBeNull();
  });
});

describe("with the database away", () => {
  it("statuses of known users are served, others are unavailable and worth asking again", async () => {
    await get("/api/users/presence?ids=bob,carol");
    await get("/api/conversations");
    await postgres.kill();
    try {
      expect((await get("/api/users/bob")).body).toMatchObject({ user: { userId: "bob", version: 10 } });
      expect((await get("/api/conversations")).status).toBe(200);
      const unknown = await get("/api/users/never-asked-for");
      expect(unknown.body).toMatchObject({ error: { code: "unavailable", retryable: true } });
      expect(unknown.headers.get("retry-after")).toBe("1");
      expect((await get("/api/messages/general")).body).toMatchObject({ error: { code: "unavailable" } });
    } finally {
      await postgres.restart();
    }
  });
});

describe("ids that look like something else", () => {
  it("are ids: a route's name, or one with a comma", async () => {
    const people = ["me", "status", "presence", "a,b", "plus+sign"];
    await servers.db.user.createMany({ data: people.map((id) => ({ id, username: `name of ${id}` })) });
    await servers.db.conversationMember.createMany({
      data: people.map((userId) => ({ userId, conversationId: "project" })),
    });
    const { body } = await get(`/api/users/presence?ids=${people.map(encodeURIComponent).join(",")}`);
    expect((body.users as UserStatus[]).map(({ userId, username }) => [userId, username])).toEqual(
      people.map((id) => [id, `name of ${id}`]),
    );
    expect((await get("/api/users/a%2Cb")).body).toMatchObject({ user: { userId: "a,b" } });
    for (const userId of people) {
      const block = await call(gateway.url, `/api/users/me/blocks/${encodeURIComponent(userId)}`, {
        as: "alice",
        method: "PUT",
      });
      expect(block.body).toEqual({ userId, blocked: true });
    }
    expect((await get("/api/users/presence?ids=%ff")).status).toBe(400);
  });
});

describe("what one person may read", () => {
  it("is kept by no cache, refusals included; what all may read may be", async () => {
    for (const path of ["/api/users/me", "/api/users/bob", "/api/conversations", "/api/users/presence"])
      expect((await get(path)).headers.get("cache-control")).toBe("no-store");
    expect((await call(gateway.url, "/api/users/me")).headers.get("cache-control")).toBe("no-store");
    expect((await call(gateway.url, "/api/openapi.json")).headers.get("cache-control")).toBeNull();
  });
});
