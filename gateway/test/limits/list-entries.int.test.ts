import { openNats } from "@meeshy/shared/nats/connect";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { NatsConnection } from "@nats-io/nats-core";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  call,
  type RunningGateway,
  SECRET,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

/** Every reader is in four conversations: in `c-<reader>` with three people, who are online there, and in three alone. */
let servers: Servers;
let gateway: RunningGateway;
let nats: NatsConnection;

const OTHERS = ["x1", "x2", "x3"];
const FOUR = [...OTHERS, "x4"];
/** a minute; a sixth of it at once */
const LIMIT = 60;
const AT_ONCE = 10;

/** What a reader is answered: the code of the refusal, or null. */
type Ask = () => Promise<string | null>;
interface Way {
  name: string;
  /** entries that one answer carries */
  entries: number;
  begin(reader: string): Promise<{ ask: Ask; end?: () => void }>;
}

const get = (path: (reader: string) => string, claims: object = {}): Way["begin"] => {
  return async (reader) => ({
    ask: async () => {
      const headers = { authorization: `Bearer ${tokenFor(reader, claims)}`, "x-presence-passive": "1" };
      const { status, headers: answered, body } = await call(gateway.url, path(reader), { headers });
      if (status === 200) return null;
      expect(status).toBe(429);
      expect(Number(answered.get("retry-after"))).toBeGreaterThan(0);
      return codeOf(body);
    },
  });
};
const codeOf = (answer: unknown) => (answer as { error: { code: string } }).error.code;

/** Over a socket; `between` is done after each answer. */
const emit = (event: string, payload: (reader: string) => object, between?: string): Way["begin"] => {
  return async (reader) => {
    const client = await signIn(gateway.url, reader);
    if (between) expect(await client.ask(between, payload(reader))).toMatchObject({ success: true });
    const ask = async () => {
      const { success, error } = await client.ask(event, payload(reader));
      if (success && between) await client.ask(between, payload(reader));
      return success ? null : (error?.code ?? "");
    };
    return { ask, end: client.close };
  };
};

const WAYS: Way[] = [
  { name: "GET /api/users/presence", entries: 4, begin: get(() => `/api/users/presence?ids=${FOUR}`) },
  // three who are online, and the reader; they are read once more to be counted
  {
    name: "GET /api/conversations/:id/presence",
    entries: 7,
    begin: get((reader) => `/api/conversations/c-${reader}/presence`),
  },
  { name: "GET /api/conversations", entries: 4, begin: get(() => "/api/conversations") },
  { name: "GET /api/users/me/blocks", entries: 4, begin: get(() => "/api/users/me/blocks") },
  {
    name: "GET /api/messages/:conversationId",
    entries: 4,
    begin: get((reader) => `/api/messages/c-${reader}?limit=4`),
  },
  {
    name: "GET /api/admin/users",
    entries: 4,
    begin: get(() => "/api/admin/users?limit=4", { role: "ADMIN" }),
  },
  { name: "presence:watch", entries: 4, begin: emit("presence:watch", () => ({ userIds: FOUR })) },
  { name: "presence:unwatch", entries: 4, begin: emit("presence:unwatch", () => ({ userIds: FOUR })) },
  {
    name: "conversation:join",
    entries: 3,
    begin: emit("conversation:join", (reader) => ({ conversationId: `c-${reader}` }), "conversation:leave"),
  },
  {
    name: "POST /api/service/query",
    entries: 4,
    begin: async (reader) => ({
      ask: async () => {
        const token = jwt.sign({ role: "SERVICE", sub: reader }, SECRET, { expiresIn: 60 });
        const { status, body } = await call(gateway.url, "/api/service/query", {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ userIds: FOUR }),
        });
        return status === 200 ? null : codeOf(body);
      },
    }),
  },
  {
    name: "presence.query",
    entries: 4,
    begin: async () => ({
      ask: async () => {
        const answer = await nats.request("presence.query", JSON.stringify({ userIds: FOUR }), {
          timeout: 20_000,
        });
        return answer.headers?.get("Nats-Service-Error-Code") ? codeOf(answer.json()) : null;
      },
    }),
  },
];
const readerOf = (way: Way) => `r${String(WAYS.indexOf(way))}`;

beforeAll(async () => {
  servers = await startServers();
  const { db } = servers;
  const readers = [...WAYS.map(readerOf), "claimed"];
  const everyone = [...readers, ...FOUR];
  await db.user.createMany({ data: everyone.map((id) => ({ id, username: id })) });
  const conversations = readers.flatMap((id) => ["c", "d", "e", "f"].map((kind) => `${kind}-${id}`));
  await db.conversation.createMany({ data: conversations.map((id) => ({ id })) });
  await db.conversationMember.createMany({
    data: readers.flatMap((reader) => [
      ...["c", "d", "e", "f"].map((kind) => ({ userId: reader, conversationId: `${kind}-${reader}` })),
      ...OTHERS.map((userId) => ({ userId, conversationId: `c-${reader}` })),
    ]),
  });
  const blocker = readerOf(WAYS.find(({ name }) => name.endsWith("/blocks")) as Way);
  await db.userBlock.createMany({
    data: FOUR.map((blockedId) => ({ blockerId: blocker, blockedId })),
  });
  gateway = await servers.gateway({
    RATE_ENTRIES_PER_USER: String(LIMIT),
    RATE_ENTRIES_PER_SERVICE: String(LIMIT),
  });
  nats = (await openNats(servers.nats.as("service"), "service")).nc;
  const conversationIds = readers.map((reader) => `c-${reader}`);
  for (const userId of OTHERS) await servers.publishStatus(userId, { conversationIds });
  const status = async () => (await call(gateway.url, `/api/users/${OTHERS[2]}`, { as: "claimed" })).body;
  await eventually(async () => expect(await status()).toMatchObject({ user: { isOnline: true } }));
});
afterAll(async () => {
  await nats?.close();
  await servers?.stop();
});

describe("more entries of lists than their rate", () => {
  it.each(WAYS)("by $name are refused, by what the answers before carried", async (way) => {
    const reader = readerOf(way);
    const { ask, end } = await way.begin(reader);
    const began = performance.now();
    let answered = 0;
    let refusal: string | null = null;
    for (; refusal === null; answered++) refusal = await ask();
    expect(refusal).toBe("rate_limited");
    // One more than fit may be answered, and on a slow machine what came back meanwhile.
    const backMeanwhile = ((performance.now() - began) * LIMIT) / 60_000;
    const most = Math.ceil((AT_ONCE + backMeanwhile) / way.entries);
    expect(answered - 1).toBeGreaterThanOrEqual(Math.ceil(AT_ONCE / way.entries));
    expect(answered - 1).toBeLessThanOrEqual(most);
    // One status is no list, and others have a limit of their own.
    expect((await call(gateway.url, "/api/users/status", { as: reader })).status).toBe(200);
    end?.();
  });

  it("leave an empty list of people to watch answered, by which clients ask for a sign of life", async () => {
    const reader = readerOf(WAYS[0] as Way);
    const client = await signIn(gateway.url, reader);
    await eventually(async () =>
      expect((await client.ask("presence:watch", { userIds: FOUR })).error?.code).toBe("rate_limited"),
    );
    expect(await client.ask("presence:watch", { userIds: [] })).toEqual({
      success: true,
      data: { users: [] },
    });
    client.close();
  });

  it("are not counted against a viewer whom a service names", async () => {
    const token = jwt.sign({ role: "SERVICE", sub: "naming" }, SECRET, { expiresIn: 60 });
    const body = JSON.stringify({ userIds: [...FOUR, ...FOUR, ...FOUR], viewerId: "claimed" });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    expect((await call(gateway.url, "/api/service/query", { method: "POST", headers, body })).status).toBe(
      200,
    );
    const own = await call(gateway.url, `/api/users/presence?ids=${FOUR}`, { as: "claimed" });
    expect(own.status).toBe(200);
  });
});
