import pg from "pg";
import { beforeEach, expect, test } from "vitest";
import { insertMessage, isMember, listMessages, MESSAGES_PAGE_MAX } from "../../src/db/chat.ts";
import type { ChatMessage } from "../../src/socket-events.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();

beforeEach(async () => {
  await database.db.message.deleteMany();
});

const send = (content: string, conversationId = "room") =>
  insertMessage(database.db, { conversationId, senderId: "ann", content });

async function readAll(limit: number, between?: () => Promise<unknown>): Promise<ChatMessage[]> {
  const all: ChatMessage[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await listMessages(
      database.db,
      "room",
      cursor === undefined ? { limit } : { limit, cursor },
    );
    expect(page.messages.length).toBeLessThanOrEqual(limit);
    all.push(...page.messages);
    cursor = page.nextCursor;
    await between?.();
  }
  return all;
}

test("a message is given an id and a time, and read back as it was sent", async () => {
  const content = `it's "quoted" \\ 例え 😀\n`;
  const message = await send(content);
  expect(message).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    conversationId: "room",
    senderId: "ann",
    content,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  expect(await listMessages(database.db, "room", { limit: 10 })).toEqual({
    messages: [message],
    nextCursor: null,
  });
});

test("pages hold each message once, newest first, those of one millisecond too", async () => {
  const times = Array.from(
    { length: 25 },
    (_, index) => new Date(Date.UTC(2030, 0, 1) + Math.floor(index / 6)),
  );
  await database.db.message.createMany({
    data: times.map((createdAt, index) => ({
      conversationId: "room",
      senderId: "ann",
      content: `${index}`,
      createdAt,
    })),
  });
  await send("elsewhere", "other room");
  for (const limit of [1, 3, 5, 24, 25, 26]) {
    const all = await readAll(limit);
    expect(new Set(all.map(({ content }) => content)).size).toBe(25);
    expect(all).toHaveLength(25);
    expect(all.map(({ createdAt }) => createdAt)).toEqual(times.map((time) => time.toISOString()).reverse());
  }
});

test("messages that arrive between two pages move nothing", async () => {
  for (let index = 0; index < 6; index++) await send(`${index}`);
  const before = (await readAll(100)).map(({ id }) => id);
  expect((await readAll(2, () => send("late"))).map(({ id }) => id)).toEqual(before);
});

test("a page has at least one message and at most the greatest page", async () => {
  await database.db.message.createMany({
    data: Array.from({ length: MESSAGES_PAGE_MAX + 5 }, () => ({ conversationId: "room", senderId: "ann" })),
  });
  const size = async (limit: number) => (await listMessages(database.db, "room", { limit })).messages.length;
  expect([await size(0), await size(-3), await size(1e9)]).toEqual([1, 1, MESSAGES_PAGE_MAX]);
});

test.each([
  "",
  "x",
  "é",
  Buffer.from("12 a\0").toString("base64url"),
  Buffer.from("soon id").toString("base64url"),
])("a cursor that is none is refused: %j", async (cursor) => {
  await expect(listMessages(database.db, "room", { cursor, limit: 5 })).rejects.toMatchObject({
    code: "bad_request",
  });
});

test("a NUL, which cannot be stored, is the sender's error", async () => {
  await expect(send("a\0b")).rejects.toMatchObject({ code: "bad_request" });
  expect(await listMessages(database.db, "a\0b", { limit: 5 })).toEqual({ messages: [], nextCursor: null });
});

test("a page is entered at the cursor through the index", async () => {
  await database.db.$executeRaw`INSERT INTO "Message" ("conversationId", "senderId", "createdAt")
    SELECT 'c' || i % 20, 'ann', now() - i * interval '1 second' FROM generate_series(1, 20000) i`;
  await database.db.$executeRaw`ANALYZE "Message"`;
  const client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client.query(`EXPLAIN SELECT * FROM "Message"
    WHERE "conversationId" = 'c3' AND ("createdAt", "id") < (now() - interval '1 hour', 'x')
    ORDER BY "createdAt" DESC, "id" DESC LIMIT 50`);
  await client.end();
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toMatch(/Index Cond: .*ROW\("createdAt", id\) </);
  expect(plan).not.toContain("Sort");
});

test("members are who belongs to the conversation now, by account or by share link", async () => {
  await addUsers(database.db, "ann", "left");
  await addConversation(database.db, "club", { members: ["ann", "left"], guests: ["anon_1", "anon_left"] });
  await addConversation(database.db, "other");
  await database.db.conversationMember.updateMany({ where: { userId: "left" }, data: { isActive: false } });
  await database.db.anonymousParticipant.update({ where: { id: "anon_left" }, data: { isActive: false } });
  const member = (id: string, conversation = "club") => isMember(database.db, conversation, id);
  expect(await Promise.all([member("ann"), member("anon_1")])).toEqual([true, true]);
  const strangers = [member("left"), member("anon_left"), member("nobody"), member("ann", "other")];
  const others = [member("anon_1", "other"), member("nul\0"), member("ann", "nul\0")];
  expect(await Promise.all([...strangers, ...others])).toEqual(Array(7).fill(false));
});
