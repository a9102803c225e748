import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import type { PresenceSelf, PresenceSnapshot } from "@meeshy/shared/socket-events";
import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
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
/** A gateway whose directory has a database client of its own, the statements of which are counted. */
const countedGateway = async () => {
  const own = await servers.ownStore();
  const gateway = await servers.gateway({}, { directory: own.store.directory });
  let last = -1;
  return {
    ...gateway,
    statements: own.statements,
    /** whether nothing was asked since the last call */
    async isIdle() {
      const isIdle = last === own.statements();
      last = own.statements();
      return isIdle;
    },
    async stop() {
      await gateway.stop();
      await own.close();
    },
  };
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
/** By an administrator, who may add strangers. */
const addMember = async (userId: string) => {
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const path = `/api/conversations/${shared}/members/${userId}`;
  expect((await call(first.url, path, { method: "PUT", headers })).status).toBe(200);
};
const partials = (client: Client) =>
  client.all<PresenceSnapshot>(SERVER_EVENTS.PRESENCE_SNAPSHOT).filter(({ partial }) => partial);
const partialOf = (client: Client, userId: string, n = 1) =>
  eventually(
    () => partials(client).flatMap(({ users }) => users.filter((user) => user.userId === userId))[n - 1],
    { what: `partial snapshot ${n} of ${userId}` },
  );
/** A person whom the viewer sees no more leaves, as anyone who goes offline does. */
const departureOf = (client: Client, userId: string, n = 1) =>
  eventually(
    () =>
      client
        .all<UserStatus>("user:status")
        .filter((status) => status.userId === userId && !status.isOnline && status.version > 0)[n - 1],
    { what: `departure ${n} of ${userId}` },
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
    for (const viewer of [near, far]) await departureOf(viewer, ann);
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
      expect(await partialOf(viewer, ann)).toMatchObject({ isOnline: true, username: ann });
    expect(partials(again)).toEqual([]);
    // While hidden, leaving and coming back were sent to no viewer.
    expect(near.all<{ userId: string }>("user:status").filter(({ userId }) => userId === ann)).toHaveLength(
      2,
    );
  });

  it("cost three statements, one more where the account was not read just now, and one a gateway", async () => {
    const [near, far] = await Promise.all([countedGateway(), countedGateway()]);
    const viewers = [await enter(near, ben), await enter(far, ben)];
    await enter(far, ann);
    for (const viewer of viewers) await sees(viewer, ann);
    const costs: { here: number; there: number }[] = [];
    for (let round = 1; round <= 4; round++) {
      await eventually(async () => (await near.isIdle()) && (await far.isIdle()), { every: 200 });
      const before = { here: near.statements(), there: far.statements() };
      await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: false }, near);
      for (const viewer of viewers) await departureOf(viewer, ann, round);
      costs.push({ here: near.statements() - before.here, there: far.statements() - before.there });
      await change(ann, "PATCH", "/api/users/me/preferences", { showOnlineStatus: true }, near);
      for (const viewer of viewers) await partialOf(viewer, ann, round);
    }
    // A gateway compares its open connections with the directory now and then, which may fall into a round.
    expect(Math.min(...costs.map(({ here }) => here))).toBeLessThanOrEqual(5);
    expect(Math.min(...costs.map(({ there }) => there))).toBe(1);
    await Promise.all([near.stop(), far.stop()]);
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
  it("hides both from each other, is sent to both, and its end shows them again", async () => {
    const [a, b] = [await enter(first, ann), await enter(second, ben)];
    await sees(a, ben);
    await sees(b, ann);
    await change(ann, "PUT", `/api/users/me/blocks/${ben}`);
    await Promise.all([departureOf(a, ben), departureOf(b, ann)]);
    for (const gateway of [first, second]) {
      expect((await call(gateway.url, `/api/users/${ann}`, { as: ben })).body.user).toEqual(
        hiddenStatus(ann, ann),
      );
      expect((await call(gateway.url, `/api/users/${ben}`, { as: ann })).body.user).toEqual(
        hiddenStatus(ben, ben),
      );
    }
    await change(ann, "DELETE", `/api/users/me/blocks/${ben}`);
    expect(await partialOf(a, ben)).toMatchObject({ isOnline: true });
    expect(await partialOf(b, ann)).toMatchObject({ isOnline: true });
  });

  it("looks to the blocked like a departure: the same event, with the same fields", async () => {
    const [b, own] = [await enter(second, ben), await enter(first, ann)];
    await sees(b, ann);
    own.close();
    const departure = await departureOf(b, ann);
    b.close();
    const again = await enter(second, ben);
    await enter(first, ann);
    await sees(again, ann);
    // The goodbye of the tab before changes the person's own devices, whenever it is written.
    await eventually(() => again.all<PresenceSelf>("presence:self").at(-1)?.connections.length === 1);
    const arrival = again.all<UserStatus>("user:status").find(({ userId }) => userId === ann);
    const received = again.received.length;
    const before = Date.now();
    await change(ann, "PUT", `/api/users/me/blocks/${ben}`);
    const block = await departureOf(again, ann);
    expect(again.received.slice(received).map(({ event }) => event)).toEqual(["user:status"]);
    expect(Object.keys(block)).toEqual(Object.keys(departure));
    const { version, at, lastSeen, lastActiveAt, ...rest } = block;
    expect(departure).toMatchObject(rest);
    expect(version).toBeGreaterThan(arrival?.version ?? 0);
    expect(lastSeen).toBe(at);
    expect(lastActiveAt).toBe(arrival?.lastActiveAt);
    expect(Date.parse(at ?? "")).toBeGreaterThanOrEqual(before - 50);
  });

  it("of someone who is offline is no event to them", async () => {
    const [b, own] = [await enter(second, ben), await enter(first, ann)];
    await sees(b, ann);
    own.close();
    await departureOf(b, ann);
    const received = b.received.length;
    await change(ann, "PUT", `/api/users/me/blocks/${ben}`);
    const third = await enter(first, ann);
    await eventually(async () => (await call(second.url, "/api/users/me", { as: ann })).body.connections);
    third.close();
    await settle();
    // What they hear of themselves, or of how fresh their view is, is another matter.
    const ofPeople = ["user:status", "presence:snapshot", "presence:occupancy"];
    expect(b.received.slice(received).filter(({ event }) => ofPeople.includes(event))).toEqual([]);
  });

  it("hides an anonymous participant and the person who blocks them from each other", async () => {
    const guest = `anon_${round}`;
    const link = `link-${round}`;
    await servers.db.shareLink.create({ data: { id: link, conversationId: shared } });
    await servers.db.anonymousParticipant.create({
      data: {
        ...{ id: guest, username: "guest", sessionToken: `session-${round}` },
        ...{ shareLinkId: link, conversationId: shared },
      },
    });
    const [a, g] = [await enter(first, ann), openClient(second.url, { sessionToken: `session-${round}` })];
    clients.push(g);
    await g.nth("presence:snapshot");
    await Promise.all([sees(a, guest), sees(g, ann)]);
    expect(await change(ann, "PUT", `/api/users/me/blocks/${guest}`)).toEqual({
      userId: guest,
      blocked: true,
    });
    await Promise.all([departureOf(a, guest), departureOf(g, ann)]);
    const session = { headers: { "x-session-token": `session-${round}` } };
    expect((await call(first.url, `/api/users/${ann}`, session)).body.user).toEqual(hiddenStatus(ann, ann));
    await change(ann, "DELETE", `/api/users/me/blocks/${guest}`);
    expect(await partialOf(a, guest)).toMatchObject({ isOnline: true });
    expect(await partialOf(g, ann)).toMatchObject({ isOnline: true });
  });

  it("between strangers is announced to no one, and holds when they meet", async () => {
    const [a, c] = [await enter(first, ann), await enter(second, cleo)];
    const logged = (await servers.readLog()).length;
    for (const id of [cleo, "missing-user"]) await change(ann, "PUT", `/api/users/me/blocks/${id}`);
    const written = (await servers.readLog()).slice(logged).map(({ event }) => event.type);
    expect(written).not.toContain("directory");
    await addMember(cleo);
    const b = await enter(second, ben);
    await sees(b, cleo);
    await sees(a, ben);
    await sees(c, ben);
    await settle();
    for (const [viewer, other] of [
      [a, cleo],
      [c, ann],
    ] as const)
      expect(JSON.stringify(viewer.received)).not.toContain(`"userId":"${other}"`);
  });

  it("of an unknown user and of a stranger are answered alike", async () => {
    const blocked = (userId: string) => change(ann, "PUT", `/api/users/me/blocks/${userId}`);
    expect(await blocked("missing-user")).toEqual({ userId: "missing-user", blocked: true });
    expect(await blocked(cleo)).toEqual({ userId: cleo, blocked: true });
  });
});

describe("a membership", () => {
  it("shows a new member and the others to each other, and hides them when it ends", async () => {
    const [a, c] = [await enter(first, ann), await enter(second, cleo)];
    await addMember(cleo);
    expect(await partialOf(a, cleo)).toMatchObject({ isOnline: true, username: cleo });
    expect(await partialOf(c, ann)).toMatchObject({ isOnline: true, username: ann });
    const sent = await a.ask("message:send", { conversationId: shared, content: "hello" });
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

  it("announced twice is sent once", async () => {
    const [a, c] = [await enter(first, ann), await enter(second, cleo)];
    for (const _ of [1, 2]) await addMember(cleo);
    await partialOf(a, cleo);
    await partialOf(c, ann);
    await settle();
    expect([partials(a).length, partials(c).length]).toEqual([1, 1]);
  });

  it.each(["all at once", "part by part"])(
    "that begins during its person's handshake, read %s, holds for the accepted socket",
    async (how) => {
      const { people, ...directory } = servers.store.directory;
      const [read, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let isHeld = false;
      /** What the handshake has read of cleo is late; what is read of her later is not. */
      const holdUp = async <T>(answer: T, isOfCleo: boolean) => {
        read.resolve();
        if (isOfCleo && !isHeld) {
          isHeld = true;
          await goOn.promise;
        }
        return answer;
      };
      const slow =
        how === "all at once"
          ? {
              ...directory,
              people: async (ids: readonly string[]) =>
                holdUp((await people?.(ids)) ?? new Map(), ids.includes(cleo)),
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
      await addMember(cleo);
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

  const path = (conversation: string, userId: string) =>
    `/api/conversations/${conversation}/members/${userId}`;
  const answer = async (as: string, method: string, conversation: string, userId: string) => {
    const { status, body } = await call(first.url, path(conversation, userId), { as, method });
    return { status, body };
  };
  const status = async (as: string, method: string, conversation: string, userId: string) =>
    (await answer(as, method, conversation, userId)).status;
  const membersOf = async (conversation: string) =>
    (await servers.store.directory.members(conversation)).sort();

  it("is changed by whom one expects", async () => {
    const asAdmin = { headers: { authorization: `Bearer ${tokenFor(cleo, { role: "ADMIN" })}` } };
    expect(await status(cleo, "PUT", shared, cleo)).toBe(404);
    expect(await status(cleo, "DELETE", shared, ann)).toBe(404);
    expect(await status(cleo, "PUT", "no-such-place", cleo)).toBe(404);
    expect(await status(ben, "DELETE", shared, ann)).toBe(403);
    expect((await call(first.url, path(shared, ann), { method: "DELETE", ...asAdmin })).status).toBe(200);
    expect(await status(ann, "PUT", shared, ben)).toBe(404);
  });

  it("of a stranger is not made by a member, who learns nothing of them", async () => {
    const unknown = await answer(ann, "PUT", shared, "missing-user");
    expect(unknown.status).toBe(404);
    for (const stranger of [cleo, "anon_demo", "anon_missing"])
      expect(await answer(ann, "PUT", shared, stranger)).toEqual(unknown);
    expect((await call(first.url, `/api/users/${cleo}`, { as: ann })).body.user).toEqual(
      hiddenStatus(cleo, null),
    );
    expect(await membersOf(shared)).toEqual([ann, ben]);
  });

  it("of someone who shares another conversation is made by a member, as often as it is asked for", async () => {
    await servers.db.conversationMember.create({ data: { conversationId: other, userId: ann } });
    for (const _ of [1, 2]) expect(await status(ann, "PUT", shared, cleo)).toBe(200);
    expect(await membersOf(shared)).toEqual([ann, ben, cleo]);
  });

  it("that was shared once counts for nothing", async () => {
    await servers.db.conversationMember.create({
      data: { conversationId: other, userId: ann, isActive: false },
    });
    expect(await status(ann, "PUT", shared, cleo)).toBe(404);
    expect(await status(cleo, "PUT", other, ann)).toBe(404);
    expect(await membersOf(other)).toEqual([cleo]);
  });

  it("that ended begins again by the person, or an administrator, and by no other member", async () => {
    const unknown = await answer(ann, "PUT", shared, "missing-user");
    await servers.db.conversationMember.createMany({
      data: [ann, ben].map((userId) => ({ conversationId: other, userId })),
    });
    await change(ben, "DELETE", path(shared, ben));
    expect(await answer(ann, "PUT", shared, ben)).toEqual(unknown);
    expect(await membersOf(shared)).toEqual([ann]);
    await change(ben, "PUT", path(shared, ben));
    expect(await membersOf(shared)).toEqual([ann, ben]);
    await change(ben, "DELETE", path(shared, ben));
    await addMember(ben);
    expect(await membersOf(shared)).toEqual([ann, ben]);
  });

  it("asks as much of the database for an unknown person as for one who may not be added", async () => {
    const gateway = await countedGateway();
    await servers.db.conversationMember.createMany({
      data: [ann, ben].map((userId) => ({ conversationId: other, userId })),
    });
    await change(ben, "DELETE", path(other, ben));
    const asked = async (userId: string) => {
      const before = gateway.statements();
      await call(gateway.url, path(other, userId), { as: ann, method: "PUT" });
      return gateway.statements() - before;
    };
    await asked("missing-user");
    await eventually(gateway.isIdle, { every: 300 });
    const counts = [];
    for (const userId of ["another-missing-user", "dave", ben]) counts.push(await asked(userId));
    expect(new Set(counts).size).toBe(1);
    await gateway.stop();
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
    const { writer: _, ...readOnly } = servers.store.directory;
    const foreign = await servers.gateway({}, { directory: readOnly });
    for (const [method, path] of [
      ["PATCH", "/api/users/me/preferences"],
      ["GET", "/api/users/me/blocks"],
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
