import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { CLIENT_EVENTS, SERVER_EVENTS } from "@meeshy/shared/event-names";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

/**
 * Who may not see a person learns nothing of what they do, by any route or event that there is. Each route
 * of the running server, and each event, has a probe below; one without fails the test.
 */
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let elsewhere: RunningGateway;
const routes = new Set<string>();

/** The subject's conversation, of which `member` and `blocked` are members too. */
const ROOM = "room";
const SUBJECTS = ["hider", "ghost", "ended", "blocker"];
const PAIRS = [
  ...SUBJECTS.map((subject) => ["stranger", subject] as const),
  ["member", "hider"],
  ["member", "ghost"],
  ["member", "ended"],
  ["blocked", "blocker"],
] as const;

const enter = async (userId: string): Promise<Client> => {
  const client = openClient(elsewhere.url, { token: tokenFor(userId) });
  await client.nth("authenticated");
  return client;
};

beforeAll(async () => {
  const listen = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) if (one !== "HEAD" && one !== "OPTIONS") routes.add(`${one} ${url}`);
    });
  };
  servers = await startServers();
  worker = await startWorker(servers);
  subscribe("fastify.initialization", listen);
  gateway = await servers.gateway();
  unsubscribe("fastify.initialization", listen);
  elsewhere = await servers.gateway();
  const { db } = servers;
  const people = [...SUBJECTS, "member", "blocked", "stranger", "root"];
  await db.user.createMany({
    data: people.map((id) => ({ id, username: `${id}'s name`, showOnlineStatus: id !== "hider" })),
  });
  await db.conversation.create({ data: { id: ROOM } });
  await db.conversationMember.createMany({
    data: people
      .filter((id) => id !== "stranger" && id !== "root")
      .map((userId) => ({ conversationId: ROOM, userId })),
  });
  await db.userBlock.create({ data: { blockerId: "blocker", blockedId: "blocked" } });
  await gateway.people.availability.set("ghost", { availability: "invisible", statusText: "hush" });
  const last = await signIn(elsewhere.url, "ended");
  await gateway.people.accounts.change("ended", "deactivated");
  await last.nth("disconnect");
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

/** What a viewer asks of a person; `null`: nothing of any person is shown there, or administrators alone are let in. */
type Probe = ((subject: string) => { path: string; body?: object }) | null;
const at = (path: (subject: string) => string, body?: object): Probe => {
  return (subject) => ({ path: path(subject), ...(body && { body }) });
};
const ROUTES: Record<string, Probe> = {
  "GET /api/users/me": at(() => "/api/users/me"),
  "GET /api/users/status": at(() => "/api/users/status"),
  "GET /api/users/presence": at((subject) => `/api/users/presence?ids=${subject}`),
  "GET /api/users/:userId": at((subject) => `/api/users/${subject}`),
  "PATCH /api/users/me/preferences": at(() => "/api/users/me/preferences", { showLastSeen: true }),
  "PUT /api/users/me/availability": at(() => "/api/users/me/availability", { availability: "available" }),
  "DELETE /api/users/me/availability": at(() => "/api/users/me/availability"),
  "GET /api/users/me/blocks": null, // the caller's own, which are looked at below
  "PUT /api/users/me/blocks/:userId": null, // compared with an unknown user's below: it changes what is seen
  "DELETE /api/users/me/blocks/:userId": at((subject) => `/api/users/me/blocks/${subject}`),
  "GET /api/conversations": at(() => "/api/conversations"),
  "GET /api/conversations/:conversationId/presence": at(() => `/api/conversations/${ROOM}/presence`),
  "PUT /api/conversations/:conversationId/members/:userId": at(
    (subject) => `/api/conversations/${ROOM}/members/${subject}`,
  ),
  "DELETE /api/conversations/:conversationId/members/:userId": at(
    (subject) => `/api/conversations/${ROOM}/members/${subject}`,
  ),
  "GET /api/messages/:conversationId": at(() => `/api/messages/${ROOM}`),
  "POST /api/messages": at(() => "/api/messages", { conversationId: ROOM, content: "" }),
  "GET /api/admin/maintenance/stats": at(() => "/api/admin/maintenance/stats"),
  "POST /api/admin/maintenance/cleanup-zombies": at(() => "/api/admin/maintenance/cleanup-zombies"),
  "POST /api/admin/users/:userId/disconnect": at((subject) => `/api/admin/users/${subject}/disconnect`),
  "GET /api/admin/users": at((subject) => `/api/admin/users?q=${subject}`),
  "GET /api/admin/partitions": at(() => "/api/admin/partitions"),
  "GET /api/admin/transitions": at(() => "/api/admin/transitions"),
  "GET /api/admin/users/:userId/presence": at((subject) => `/api/admin/users/${subject}/presence`),
  ...Object.fromEntries(
    ["activity", "availability", "session", "membership", "account", "query"].map((request) => [
      `POST /api/service/${request}`,
      at(() => `/api/service/${request}`, {}),
    ]),
  ),
  "GET /api/openapi.json": null,
  "GET /health/live": null,
  "GET /health/ready": null,
  "GET /metrics": null,
};
/** The pages of the API's description are files. */
const isPage = (route: string) => route.startsWith("GET /api/docs");

const EVENTS: Record<string, (subject: string) => unknown> = {
  [CLIENT_EVENTS.ACTIVITY]: () => undefined,
  [CLIENT_EVENTS.AUTH_RENEW]: () => ({ token: "none" }),
  [CLIENT_EVENTS.MESSAGE_SEND]: () => ({ conversationId: ROOM, content: "" }),
  [CLIENT_EVENTS.TYPING]: () => ({ conversationId: ROOM }),
  [CLIENT_EVENTS.PRESENCE_WATCH]: (subject) => ({ userIds: [subject] }),
  [CLIENT_EVENTS.PRESENCE_UNWATCH]: (subject) => ({ userIds: [subject] }),
  [CLIENT_EVENTS.CONVERSATION_LEAVE]: () => ({ conversationId: ROOM }),
  [CLIENT_EVENTS.CONVERSATION_JOIN]: () => ({ conversationId: ROOM }),
};
/** How a server's event may name a person who is hidden from its receiver: not at all, or as a sender. */
const NAMES_NO_SUBJECT = "names no subject";
const NAMES_THE_SENDER = "names the sender";
const RECEIVED: Record<string, typeof NAMES_NO_SUBJECT | typeof NAMES_THE_SENDER> = {
  [SERVER_EVENTS.AUTHENTICATED]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.PRESENCE_SNAPSHOT]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.PRESENCE_SELF]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.USER_STATUS]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.USER_STATUS_BATCH]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.PRESENCE_OCCUPANCY]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.PRESENCE_STALE]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.PRESENCE_FRESH]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.MESSAGE_NEW]: NAMES_THE_SENDER,
  [SERVER_EVENTS.TYPING]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.SESSION_REPLACED]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.AUTH_EXPIRING]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.AUTH_EXPIRED]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.SERVER_DRAINING]: NAMES_NO_SUBJECT,
  [SERVER_EVENTS.ERROR]: NAMES_NO_SUBJECT,
};

/** Everything that a viewer can read of a person, by route and event. */
const readAll = async (viewer: string, client: Client, subject: string) => {
  const answers: Record<string, unknown> = {};
  for (const [route, probe] of Object.entries(ROUTES)) {
    if (probe === null) continue;
    const { path, body } = probe(subject);
    const method = route.split(" ")[0] ?? "";
    // A member may add and remove; that is no reading.
    if (viewer !== "stranger" && /^(PUT|DELETE) .*members/.test(route)) continue;
    const headers = { "x-presence-passive": "1", ...(body && { "content-type": "application/json" }) };
    const init = { as: viewer, method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await call(gateway.url, path, init);
    answers[route] = { status: answer.status, body: masked(answer.body, viewer) };
  }
  for (const [event, payload] of Object.entries(EVENTS))
    answers[event] = await client.ask(event, payload(subject));
  return answers;
};

/** Without what is the viewer's own, and the messages of members. */
const masked = (body: Record<string, unknown>, viewer: string): unknown => {
  const {
    user,
    users,
    messages,
    online,
    connections: _,
    serverTime: __,
    ...rest
  } = body as {
    user?: { userId: string };
    users?: { userId: string }[];
    messages?: { senderId: string }[];
    online?: number;
    connections?: unknown;
    serverTime?: string;
  };
  for (const message of messages ?? [])
    expect(Object.keys(message).sort()).toEqual(["content", "conversationId", "createdAt", "id", "senderId"]);
  return {
    ...rest,
    user: user?.userId === viewer ? "oneself" : user,
    users: users?.filter(({ userId }) => userId !== viewer),
    online,
  };
};

const stateOf = async (userId: string) => {
  const headers = { authorization: `Bearer ${tokenFor("root", { role: "ADMIN" })}` };
  return (await call(elsewhere.url, `/api/admin/users/${userId}/presence`, { headers })).body.state;
};

const secretOf = (subject: string) => `a secret of ${subject}`;

/** Comes, does things, says something, changes what they show, and goes. */
const live = async (subject: string): Promise<Client | undefined> => {
  if (subject === "ended") {
    const now = new Date();
    await servers.db.user.update({
      where: { id: subject },
      data: { isOnline: true, lastActiveAt: now, statusText: "x" },
    });
    return undefined;
  }
  const asSubject = (method: string, path: string, body: object) =>
    call(elsewhere.url, path, {
      as: subject,
      method,
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
  const client = await enter(subject);
  await client.ask("activity");
  await client.ask("message:send", { conversationId: ROOM, content: "hello" });
  expect(await client.ask("typing", { conversationId: ROOM })).toEqual({ success: true });
  const availability = subject === "ghost" ? "invisible" : "busy";
  const statusText = secretOf(subject);
  await asSubject("PUT", "/api/users/me/availability", { availability, statusText });
  // An invisible person may still be read: what they let others read of their last departure is no secret.
  for (const showLastSeen of subject === "ghost" ? [true] : [false, true])
    expect((await asSubject("PATCH", "/api/users/me/preferences", { showLastSeen })).status).toBe(200);
  await eventually(
    async () => (await servers.db.user.findUnique({ where: { id: subject } }))?.statusText === statusText,
  );
  return client;
};

describe("every route and every event", () => {
  it("has a probe", () => {
    expect([...routes].filter((route) => !isPage(route)).sort()).toEqual(Object.keys(ROUTES).sort());
    expect(Object.keys(EVENTS).sort()).toEqual(Object.values(CLIENT_EVENTS).sort());
    expect(Object.keys(RECEIVED).sort()).toEqual(Object.values(SERVER_EVENTS).sort());
  });

  it.each(PAIRS)("show %s nothing of what %s does", async (viewer, subject) => {
    const client = await signIn(gateway.url, viewer);
    await readAll(viewer, client, subject); // what the viewer does leaves its own traces
    const before = await readAll(viewer, client, subject);
    const receivedBefore = client.received.length;
    const alive = await live(subject);
    const watcher = await signIn(gateway.url, viewer);
    await settle();
    const after = await readAll(viewer, client, subject);
    expect(after).toEqual(before);
    for (const { event, payload } of [...client.received.slice(receivedBefore), ...watcher.received]) {
      expect(RECEIVED[event]).toBeDefined();
      if (RECEIVED[event] === NAMES_NO_SUBJECT)
        expect(JSON.stringify([event, payload])).not.toContain(subject);
      expect(JSON.stringify(payload ?? null)).not.toContain(secretOf(subject));
    }
    for (const one of [client, watcher, alive]) one?.close();
    // For the next viewer, too, the subject begins offline.
    await eventually(async () => (await stateOf(subject)) === "offline");
  });

  it("show a stranger a person as an unknown user", async () => {
    const client = await signIn(gateway.url, "stranger");
    const missing = "missing-user";
    const read = async (subject: string) =>
      JSON.parse(
        JSON.stringify(await readAll("stranger", client, subject)).replaceAll(`"${subject}"`, '"someone"'),
      );
    const ofMissing = await read(missing);
    for (const subject of [...SUBJECTS, "member"]) {
      expect(await read(subject)).toEqual(ofMissing);
      const block = (userId: string) =>
        call(gateway.url, `/api/users/me/blocks/${userId}`, { as: "stranger", method: "PUT" });
      expect(await block(subject)).toMatchObject({ status: 200, body: { userId: subject, blocked: true } });
      expect(await block(missing)).toMatchObject({ status: 200, body: { userId: missing, blocked: true } });
    }
    const { body } = await call(gateway.url, "/api/users/me/blocks", { as: "stranger" });
    expect(body.blocks).toEqual(
      [...SUBJECTS, "member", missing].sort().map((userId) => ({
        ...{ userId, username: null, displayName: null, isAnonymous: false },
      })),
    );
    client.close();
  });
});
