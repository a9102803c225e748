import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";

/** `crowd` has 20,000 members, m00001 … m20000, of whom some are online; `club` has four. */
let servers: Servers;
let gateway: RunningGateway;
let own: Awaited<ReturnType<Servers["ownStore"]>>;

const MEMBERS = 20_000;
const nameOf = (n: number) => `m${String(n).padStart(5, "0")}`;
const ONLINE = Array.from({ length: 700 }, (_, n) => nameOf(n * 20 + 7));
const HIDDEN = ONLINE[3] as string;

interface Page {
  users: UserStatus[];
  online: number;
  total: number;
  nextCursor: string | null;
}
const read = async (conversation: string, as: string, query = "") => {
  const { status, body } = await call(gateway.url, `/api/conversations/${conversation}/presence${query}`, {
    as,
  });
  expect([status, body.error]).toEqual([200, undefined]);
  return body as unknown as Page;
};
const online = async (userIds: readonly string[], conversationId: string) => {
  const version = 1;
  for (const userId of userIds)
    await servers.publishStatus(userId, { version, conversationIds: [conversationId] });
};

beforeAll(async () => {
  servers = await startServers();
  const { db } = servers;
  await db.conversation.createMany({ data: [{ id: "crowd" }, { id: "club" }] });
  await db.$executeRawUnsafe(`INSERT INTO "User" ("id", "username") SELECT id, id FROM
    (SELECT 'm' || lpad(n::text, 5, '0') AS id FROM generate_series(1, ${MEMBERS}) n) people`);
  await db.$executeRaw`INSERT INTO "ConversationMember" ("userId", "conversationId")
    SELECT "id", 'crowd' FROM "User" WHERE "id" LIKE 'm%'`;
  await db.user.update({ where: { id: HIDDEN }, data: { showOnlineStatus: false } });
  await db.conversationMember.createMany({
    data: ["alice", "bob", "carol", "dave"].map((userId) => ({ userId, conversationId: "club" })),
  });
  own = await servers.ownStore();
  // All of them are read at once here, which is more than a person may.
  gateway = await servers.gateway({ RATE_ENTRIES_PER_USER: "0" }, { directory: own.store.directory });
  await online(ONLINE, "crowd");
  await online(["bob", "carol", "dave"], "club");
  await eventually(async () => (await read("club", "alice")).online === 3);
});
afterAll(async () => {
  await servers?.stop();
  await own?.close();
});

describe("the members of a conversation", () => {
  it("come page by page, those who are online first, each once", async () => {
    const pages: Page[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Page = await read(
        "crowd",
        nameOf(1),
        cursor === "" ? "?limit=500" : `?limit=500&cursor=${cursor}`,
      );
      pages.push(page);
      cursor = page.nextCursor;
    }
    const users = pages.flatMap((page) => page.users);
    expect(pages.length).toBeLessThanOrEqual(MEMBERS / 500 + 1);
    expect(users).toHaveLength(MEMBERS);
    expect(new Set(users.map(({ userId }) => userId)).size).toBe(MEMBERS);
    const seenOnline = ONLINE.filter((id) => id !== HIDDEN);
    expect(users.slice(0, seenOnline.length).map(({ userId }) => userId)).toEqual(seenOnline);
    expect(users.findIndex(({ isOnline }) => !isOnline)).toBe(seenOnline.length);
    expect(users.slice(seenOnline.length).some(({ isOnline }) => isOnline)).toBe(false);
    expect(users.find(({ userId }) => userId === HIDDEN)).toEqual(hiddenStatus(HIDDEN, HIDDEN));
    for (const page of pages) expect(page).toMatchObject({ online: seenOnline.length, total: MEMBERS });
  });

  it("cost a page some statements, not one a member", async () => {
    const before = own.statements();
    await read("crowd", nameOf(2), "?limit=500");
    expect(own.statements() - before).toBeLessThanOrEqual(8);
  });

  it("are at most 500 on a page, whether asked for or not", async () => {
    expect((await read("crowd", nameOf(1))).users).toHaveLength(500);
    for (const query of ["?limit=501", "?limit=0", "?limit=x", "?cursor=x", "?cursor=%25"])
      expect(
        (await call(gateway.url, `/api/conversations/crowd/presence${query}`, { as: nameOf(1) })).status,
      ).toBe(400);
  });

  it("are counted as the viewer sees them: whom a block hides is not counted by either", async () => {
    await call(gateway.url, "/api/users/me/blocks/bob", { as: "alice", method: "PUT" });
    expect(await read("club", "alice")).toMatchObject({ online: 2, total: 4 });
    await call(gateway.url, "/api/users/me/blocks/bob", { as: "alice", method: "DELETE" });
    expect(await read("club", "alice")).toMatchObject({ online: 3, total: 4 });
    await servers.publishStatus("alice", { version: 1, conversationIds: ["club"] });
    await eventually(async () => (await read("club", "bob")).online === 4);
    await call(gateway.url, "/api/users/me/blocks/bob", { as: "alice", method: "PUT" });
    expect(await read("club", "bob")).toMatchObject({ online: 3, total: 4 });
    expect(await read("club", "carol")).toMatchObject({ online: 4, total: 4 });
  });
});

describe("an unknown id", () => {
  it("costs as many statements as a stranger, at first and afterwards", async () => {
    const passive = { as: "dave", headers: { "x-presence-passive": "1" } };
    const costOf = async (userId: string) => {
      // The caller's own account is read again now and then.
      await call(gateway.url, "/api/users/status", passive);
      const before = own.statements();
      const { body } = await call(gateway.url, `/api/users/${userId}`, passive);
      expect(body.user).toEqual(hiddenStatus(userId, null));
      return own.statements() - before;
    };
    await costOf("missing-user");
    const costs: [number, number][] = [];
    for (const userId of ["another-missing-user", "admin", "anon_missing", "anon_demo"])
      costs.push([await costOf(userId), await costOf(userId)]);
    expect(costs).toEqual(costs.map(() => costs[0]));
    expect(costs[0]?.[1]).toBe(0);
  });

  it("is found among many by as many statements as one", async () => {
    const ids = Array.from({ length: 200 }, (_, n) => nameOf(n + 300));
    const before = own.statements();
    const answer = await call(gateway.url, `/api/users/presence?ids=${ids.join(",")}`, { as: "dave" });
    expect(answer.body.users).toHaveLength(200);
    expect(own.statements() - before).toBeLessThanOrEqual(5);
  });
});

describe("a person in 2,100 conversations", () => {
  it("is seen in all of them", async () => {
    const { db } = servers;
    await db.user.create({ data: { id: "busy", username: "busy" } });
    await db.$executeRawUnsafe(`INSERT INTO "Conversation" ("id") SELECT 'of-busy-' || lpad(n::text, 4, '0')
      FROM generate_series(1, 2100) n`);
    await db.$executeRaw`INSERT INTO "ConversationMember" ("userId", "conversationId")
      SELECT 'busy', "id" FROM "Conversation" WHERE "id" LIKE 'of-busy-%'`;
    const viewers = [1, 2001, 2100].map((n) => [nameOf(n), `of-busy-${String(n).padStart(4, "0")}`] as const);
    await db.conversationMember.createMany({
      data: viewers.map(([userId, conversationId]) => ({ userId, conversationId })),
    });
    const client = await signIn(gateway.url, "busy");
    const connected = (await servers.readLog()).findLast(({ subject }) => subject.endsWith(".busy"));
    const ids = connected?.event.type === "connected" ? connected.event.profile.conversationIds : [];
    expect(ids).toHaveLength(2_100);
    await online(["busy"], "of-busy-0001");
    await servers.publishStatus("busy", { version: 2, conversationIds: ids });
    for (const [userId, conversationId] of viewers)
      await eventually(async () =>
        (await read(conversationId, userId)).users.some((user) => user.userId === "busy" && user.isOnline),
      );
    expect(await gateway.metric("meeshy_lists_cut_total")).toBe(0);
    client.close();
  });
});
