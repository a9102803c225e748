import { createPrismaDirectory } from "@meeshy/shared/db/directory";
import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import { hiddenStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** Two gateways and a worker; each test has people of its own: ann and ben share `shared`, cleo is alone in `other`. */
let servers: Servers;
let worker: RunningWorker;
let first: RunningGateway;
let second: RunningGateway;
let round = 0;
let ann: string, ben: string, cleo: string, shared: string, other: string;
const clients: Client[] = [];

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [first, second] = await Promise.all([servers.gateway(), servers.gateway()]);
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});
beforeEach(async () => {
  for (const client of clients.splice(0)) client.close();
  round++;
  [ann, ben, cleo] = ["ann", "ben", "cleo"].map((name) => `${name}-${round}`) as [string, string, string];
  [shared, other] = [`shared-${round}`, `other-${round}`];
  await servers.db.user.createMany({ data: [ann, ben, cleo].map((id) => ({ id, username: id })) });
  await servers.db.conversation.createMany({ data: [{ id: shared }, { id: other }] });
  await servers.db.conversationMember.createMany({
    data: [
      { conversationId: shared, userId: ann },
      { conversationId: shared, userId: ben },
      { conversationId: other, userId: cleo },
    ],
  });
});

const enter = async (gateway: RunningGateway, userId: string): Promise<Client> => {
  const client = await signIn(gateway.url, userId);
  clients.push(client);
  return client;
};
const change = async (as: string, method: string, path: string, body?: object, gateway = first) => {
  const answer = await call(gateway.url, path, {
    as,
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  expect([method, path, answer.status, answer.body.error]).toEqual([method, path, 200, undefined]);
  return answer.body;
};
const partials = (client: Client) =>
  client.all<PresenceSnapshot>(SERVER_EVENTS.PRESENCE_SNAPSHOT).filter(({ partial }) => partial);
const partialOf = (client: Client, userId: string, n = 1) =>
  eventually(
    () => partials(client).flatMap(({ users }) => users.filter((user) => user.userId === userId))[n - 1],
    { what: `partial snapshot ${n} of ${userId}` },
  );
const sees = (client: Client, userId: string) =>
  eventually(
    () =>
      client
        .all<{ userId: string; isOnline: boolean }>("user:status")
        .some((s) => s.userId === userId && s.isOnline) ||
      client
        .all<PresenceSnapshot>("presence:snapshot")
        .some(({ users }) => users.some((u) => u.userId === userId)),
  );

describe("preferences", () => {
  it("hide a person from sharers on every gateway within the time of a change, and show them again", async () => {
    const [near, far] = [await enter(first, ben), await enter(second, ben)];
    const own = await enter(second, ann);
    await Promise.all([sees(near, ann), sees(far, ann)]);
    expect(await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: false })).toEqual({
      preferences: { showOnlineStatus: false, showLastSeen: true },
    });
    for (const viewer of [near, far]) expect(await partialOf(viewer, ann)).toEqual(hiddenStatus(ann, ann));
    expect((await call(second.url, `/api/users/${ann}`, { as: ben })).body.user).toEqual(
      hiddenStatus(ann, ann),
    );
    expect((await call(first.url, `/api/users/${ann}`, { as: ben })).body.user).toEqual(
      hiddenStatus(ann, ann),
    );
    own.close();
    const again = await enter(second, ann);
    await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: true });
    for (const viewer of [near, far])
      expect(await partialOf(viewer, ann, 2)).toMatchObject({ isOnline: true, username: ann });
    expect(partials(again)).toEqual([]);
    // While hidden, leaving and coming back were told to nobody.
    expect(near.all<{ userId: string }>("user:status").filter(({ userId }) => userId === ann)).toHaveLength(
      1,
    );
  });

  it("of someone offline correct what viewers read", async () => {
    const viewer = await enter(first, ben);
    const own = await enter(first, ann);
    await sees(viewer, ann);
    own.close();
    await eventually(() =>
      viewer.all<{ isOnline: boolean }>("user:status").some((status) => !status.isOnline),
    );
    await change(ann, "PATCH", "/api/users/me/preferences", { showLastSeen: false });
    expect(await partialOf(viewer, ann)).toEqual(hiddenStatus(ann, ann));
    await change(ann, "PATCH", "/api/users/me/preferences", { showLastSeen: true });
    expect(await partialOf(viewer, ann, 2)).toMatchObject({ isOnline: false, lastSeen: expect.any(String) });
  });

  it("of someone who was never seen harm nothing", async () => {
    await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: false });
    const viewer = await enter(second, ben);
    await enter(first, ann);
    const open = await enter(first, cleo);
    await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: false });
    await settle();
    expect(viewer.all("user:status")).toEqual([]);
    expect(partials(viewer)).toEqual([]);
    expect(partials(open)).toEqual([]);
  });
});

describe("a block", () => {
  it("hides both from each other, told to both, and its end shows them again", async () => {
    const [a, b] = [await enter(first, ann), await enter(second, ben)];
    await sees(a, ben);
    await sees(b, ann);
    await change(ann, "PUT", `/api/users/me/blocks/${ben}`);
    expect(await partialOf(a, ben)).toEqual(hiddenStatus(ben, ben));
    expect(await partialOf(b, ann)).toEqual(hiddenStatus(ann, ann));
    for (const gateway of [first, second]) {
      expect((await call(gateway.url, `/api/users/${ann}`, { as: ben })).body.user).toEqual(
        hiddenStatus(ann, ann),
      );
      expect((await call(gateway.url, `/api/users/${ben}`, { as: ann })).body.user).toEqual(
        hiddenStatus(ben, ben),
      );
    }
    await change(ann, "DELETE", `/api/users/me/blocks/${ben}`);
    expect(await partialOf(a, ben, 2)).toMatchObject({ isOnline: true });
    expect(await partialOf(b, ann, 2)).toMatchObject({ isOnline: true });
  });

  it("of nobody and of a stranger are answered alike", async () => {
    const blocked = (userId: string) => change(ann, "PUT", `/api/users/me/blocks/${userId}`);
    expect(await blocked("nobody-at-all")).toEqual({ userId: "nobody-at-all", blocked: true });
    expect(await blocked(cleo)).toEqual({ userId: cleo, blocked: true });
  });
});

describe("a membership", () => {
  it("shows a new member and the others to each other, and hides them when it ends", async () => {
    const [a, c] = [await enter(first, ann), await enter(second, cleo)];
    await change(ann, "PUT", `/api/conversations/${shared}/members/${cleo}`);
    expect(await partialOf(a, cleo)).toMatchObject({ isOnline: true, username: cleo });
    expect(await partialOf(c, ann)).toMatchObject({ isOnline: true, username: ann });
    const sent = await a.ask("message:send", { conversationId: shared, content: "welcome" });
    expect(await c.nth("message:new")).toMatchObject({ id: (sent.data as { messageId: string }).messageId });

    const own = await enter(second, ann);
    await eventually(async () => (await call(second.url, "/api/users/me", { as: ann })).body.connections);
    await change(cleo, "DELETE", `/api/conversations/${shared}/members/${cleo}`, undefined, second);
    expect(await partialOf(a, cleo, 2)).toEqual(hiddenStatus(cleo, null));
    expect(await partialOf(c, ann, 2)).toEqual(hiddenStatus(ann, null));
    await a.ask("message:send", { conversationId: shared, content: "gone" });
    await own.nth("message:new");
    await settle();
    expect(c.all("message:new")).toHaveLength(1);
    expect((await call(second.url, `/api/conversations/${shared}/presence`, { as: cleo })).status).toBe(404);
  });

  it("announced twice is told once", async () => {
    const [a, c] = [await enter(first, ann), await enter(second, cleo)];
    for (const _ of [1, 2]) await change(ann, "PUT", `/api/conversations/${shared}/members/${cleo}`);
    await partialOf(a, cleo);
    await partialOf(c, ann);
    await settle();
    expect([partials(a).length, partials(c).length]).toEqual([1, 1]);
  });

  it.each(["all at once", "part by part"])(
    "that begins while its person is at the door, read %s, holds for the socket that comes in",
    async (how) => {
      const { newcomers, ...directory } = createPrismaDirectory(servers.db);
      const [read, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const holdUp = async <T>(answer: T, isOfCleo: boolean) => {
        read.resolve();
        if (isOfCleo) await goOn.promise;
        return answer;
      };
      const slow =
        how === "all at once"
          ? {
              ...directory,
              newcomers: async (ids: readonly string[]) =>
                holdUp((await newcomers?.(ids)) ?? new Map(), ids.includes(cleo)),
            }
          : {
              ...directory,
              conversations: async (userId: string) =>
                holdUp(await directory.conversations(userId), userId === cleo),
            };
      const third = await servers.gateway({}, { directory: slow });
      const a = await enter(first, ann);
      const c = openClient(third.url, { token: tokenFor(cleo) });
      clients.push(c);
      await read.promise;
      await change(ann, "PUT", `/api/conversations/${shared}/members/${cleo}`);
      await eventually(async () => {
        const { body } = await call(third.url, `/api/users/${cleo}`, { as: ben });
        return (body.user as { username: string | null } | undefined)?.username === cleo;
      });
      goOn.resolve();
      await c.nth("presence:snapshot");
      await sees(c, ann);
      await a.ask("message:send", { conversationId: shared, content: "come in" });
      await c.nth("message:new");
    },
  );

  it("is changed by whom one expects", async () => {
    const asAdmin = { headers: { authorization: `Bearer ${tokenFor(cleo, { role: "ADMIN" })}` } };
    const path = (conversation: string, userId: string) =>
      `/api/conversations/${conversation}/members/${userId}`;
    const status = async (as: string, method: string, where: string) =>
      (await call(first.url, where, { as, method })).status;
    expect(await status(cleo, "PUT", path(shared, cleo))).toBe(404);
    expect(await status(cleo, "DELETE", path(shared, ann))).toBe(404);
    expect(await status(cleo, "PUT", path("no-such-place", cleo))).toBe(404);
    expect(await status(ben, "DELETE", path(shared, ann))).toBe(403);
    expect(await status(ann, "PUT", path(shared, "nobody-at-all"))).toBe(404);
    expect((await call(first.url, path(shared, ann), { method: "DELETE", ...asAdmin })).status).toBe(200);
    expect(await status(ann, "PUT", path(shared, cleo))).toBe(404);
  });
});

describe("conversation:join and conversation:leave", () => {
  it("take one socket out of a conversation and back, with what that changes in its view", async () => {
    const [a, b] = [await enter(first, ann), await enter(second, ben)];
    const alsoA = await enter(first, ann);
    await sees(a, ben);
    expect(await a.ask("conversation:leave", { conversationId: shared })).toEqual({ success: true });
    expect(await partialOf(a, ben)).toEqual(hiddenStatus(ben, null));
    await b.ask("message:send", { conversationId: shared, content: "one" });
    await alsoA.nth("message:new");
    expect(await a.ask("conversation:join", { conversationId: shared })).toEqual({ success: true });
    expect(await partialOf(a, ben, 2)).toMatchObject({ isOnline: true });
    await b.ask("message:send", { conversationId: shared, content: "two" });
    await a.nth("message:new");
    await settle();
    expect(a.all("message:new")).toHaveLength(1);
    expect(partials(alsoA)).toEqual([]);
  });

  it("are for members", async () => {
    const c = await enter(first, cleo);
    for (const event of ["conversation:join", "conversation:leave"]) {
      for (const conversationId of [shared, "no-such-place"])
        expect(await c.ask(event, { conversationId })).toMatchObject({
          success: false,
          error: { code: "not_found" },
        });
    }
  });
});

describe("with a directory that belongs to an application", () => {
  it("routes that would change it are not implemented, and joining a conversation works", async () => {
    const { writer: _, ...readOnly } = createPrismaDirectory(servers.db);
    const foreign = await servers.gateway({}, { directory: readOnly });
    for (const [method, path] of [
      ["PATCH", "/api/users/me/preferences"],
      ["PUT", `/api/users/me/blocks/${ben}`],
      ["DELETE", `/api/users/me/blocks/${ben}`],
      ["PUT", `/api/conversations/${shared}/members/${cleo}`],
      ["DELETE", `/api/conversations/${shared}/members/${ann}`],
    ] as const) {
      const body = method === "PATCH" ? { body: "{}", headers: { "content-type": "application/json" } } : {};
      const answer = await call(foreign.url, path, { as: ann, method, ...body });
      expect([path, answer.status, answer.body]).toMatchObject([
        path,
        501,
        { error: { code: "not_implemented" } },
      ]);
    }
    const a = await enter(foreign, ann);
    expect(await a.ask("conversation:join", { conversationId: shared })).toEqual({ success: true });
    const b = await enter(first, ben);
    await sees(a, ben);
    await servers.db.conversationMember.create({ data: { conversationId: other, userId: ann } });
    await foreign.people.accounts.change(ann, "profile");
    await enter(first, cleo);
    await sees(a, cleo);
    b.close();
  });
});
