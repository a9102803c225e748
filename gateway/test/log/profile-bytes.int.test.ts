import { STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** `busy` and `peer` are in 2,000 conversations, whose ids are as long as those of the database: 56 kB in an event. */
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let socket: Client;

const CONVERSATIONS = 2_000;
const IDS_BYTES = 56_000;
/** What else an event and its headers say. */
const REST_BYTES = 2_000;
const idOf = (n: number) => `c${String(n).padStart(24, "0")}`;

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  const { db } = servers;
  await db.user.createMany({ data: ["busy", "peer", "alien"].map((id) => ({ id, username: id })) });
  await db.$executeRaw`INSERT INTO "Conversation" ("id", "title")
    SELECT 'c' || lpad(n::text, 24, '0'), '' FROM generate_series(1, ${CONVERSATIONS}::int) n`;
  await db.$executeRaw`INSERT INTO "ConversationMember" ("userId", "conversationId")
    SELECT person, 'c' || lpad(n::text, 24, '0')
    FROM generate_series(1, ${CONVERSATIONS}::int) n, unnest(ARRAY['busy', 'peer']) person`;
  gateway = await servers.gateway();
  socket = await signIn(gateway.url, "busy");
});
afterAll(async () => {
  socket?.close();
  await worker?.stop();
  await servers?.stop();
});

const request = (method: string, path: string, body?: object) => async () => {
  const headers = {
    "x-presence-passive": "1",
    ...(body && { "content-type": "application/json" }),
  };
  const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  expect((await call(gateway.url, `/api${path}`, { as: "busy", ...sent })).status).toBe(200);
};
const emit = (event: string, payload?: object) => async () => {
  expect(await socket.ask(event, payload)).toMatchObject({ success: true });
};
const connect = async () => (await signIn(gateway.url, "busy")).close();

/** What a person does, what takes it back, and how many events of either carry conversation ids. */
const DEEDS: [string, number, () => Promise<void>, () => Promise<void>][] = [
  ["a connect, and its end", 1, connect, connect],
  [
    "a block of a member, for both",
    2,
    request("PUT", "/users/me/blocks/peer"),
    request("DELETE", "/users/me/blocks/peer"),
  ],
  [
    "a block of a stranger",
    0,
    request("PUT", "/users/me/blocks/alien"),
    request("DELETE", "/users/me/blocks/alien"),
  ],
  [
    "an availability",
    1,
    request("PUT", "/users/me/availability", { availability: "busy", expiresInMs: 60_000 }),
    request("DELETE", "/users/me/availability"),
  ],
  [
    "preferences",
    1,
    request("PATCH", "/users/me/preferences", { showLastSeen: false }),
    request("PATCH", "/users/me/preferences", { showLastSeen: true }),
  ],
  [
    "a membership",
    1,
    request("DELETE", `/conversations/${idOf(1)}/members/busy`),
    request("PUT", `/conversations/${idOf(1)}/members/busy`),
  ],
  [
    "watching",
    0,
    emit("presence:watch", { userIds: ["peer"] }),
    emit("presence:unwatch", { userIds: ["peer"] }),
  ],
  [
    "leaving a conversation with one socket",
    0,
    emit("conversation:leave", { conversationId: idOf(2) }),
    emit("conversation:join", { conversationId: idOf(2) }),
  ],
  ["typing", 0, emit("typing", { conversationId: idOf(2) }), emit("typing", { conversationId: idOf(3) })],
  ["activity", 0, emit("activity"), emit("activity")],
];

const large = async () =>
  (await servers.readLog()).filter(
    ({ event }) => "profile" in event && event.profile.conversationIds.length > CONVERSATIONS / 2,
  ).length;
const bytes = async () => (await servers.link.jsm.streams.info(STREAM_EVENTS)).state.bytes;

describe("the log of one account in 2,000 conversations", () => {
  it.each(DEEDS)("takes for %s %i times its conversation ids", async (_, times, deed, undo) => {
    const before = { large: await large(), bytes: await bytes() };
    await deed();
    await undo();
    // What is written is in the log when it is answered, but for activity and ends of connections.
    await eventually(async () => expect((await large()) - before.large).toBeGreaterThanOrEqual(2 * times));
    // Open connections are compared with the directory all the time: in the moment of a change that announces it, too.
    const atMost = times === 0 ? 0 : times + 1;
    expect((await large()) - before.large).toBeLessThanOrEqual(2 * atMost);
    const most = 2 * (atMost * IDS_BYTES + (atMost + 1) * REST_BYTES);
    expect((await bytes()) - before.bytes).toBeLessThanOrEqual(most);
  });
});
