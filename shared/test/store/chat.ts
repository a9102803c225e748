import { beforeEach, describe, expect, test } from "vitest";
import { MESSAGES_PAGE_MAX } from "../../src/ports/chat-store.ts";
import type { ChatMessage } from "../../src/socket-events.ts";
import type { Fresh, StoreBench } from "./bench.ts";

/** The messages of the demo chat. */
export function describeChat(fresh: Fresh): void {
  describe("chat", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
    });
    const chat = () => bench.store.chat;
    const add = (content: string, conversationId = "room", named: { clientId?: string } = {}) =>
      chat().add({ conversationId, senderId: "ann", content, ...named });
    const send = async (content: string, conversationId?: string) =>
      (await add(content, conversationId)).message;

    async function readAll(limit: number, between?: () => Promise<unknown>): Promise<ChatMessage[]> {
      const all: ChatMessage[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = await chat().page("room", cursor === undefined ? { limit } : { limit, cursor });
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
      expect(await chat().page("room", { limit: 10 })).toEqual({ messages: [message], nextCursor: null });
    });

    test("messages are read in the order in which they were stored, within a millisecond too", async () => {
      const sent: string[] = [];
      for (let n = 0; n < 60; n++) sent.push((await send(`message ${n}`)).content);
      const contents = (messages: ChatMessage[]) => messages.map(({ content }) => content);
      expect(contents(await readAll(7)).reverse()).toEqual(sent);
      expect(contents(await chat().since(["room"], { from: 0, limit: 100 }))).toEqual(sent);
    });

    test("of a sender's messages of one name the first is stored, and given for the later ones", async () => {
      const named = { clientId: "c 1" };
      const first = await add("hello", "room", named);
      expect(first).toEqual({
        isNew: true,
        message: expect.objectContaining({ content: "hello", ...named }),
      });
      const { message } = first;
      expect(await add("hello again", "room", named)).toEqual({ isNew: false, message });
      expect(await add("elsewhere", "other", named)).toEqual({ isNew: false, message });
      const others = [
        await chat().add({ conversationId: "room", senderId: "bob", content: "hello", ...named }),
        await add("hello", "room", { clientId: "c 2" }),
        await add("hello"),
        await add("hello"),
      ];
      expect(others.map(({ isNew }) => isNew)).toEqual([true, true, true, true]);
      expect((await chat().page("room", { limit: 10 })).messages).toContainEqual(message);
      expect(await chat().since(["room"], { from: 0, limit: 10 })).toContainEqual(message);
      await expect(add("hello", "room", { clientId: "nul\0" })).rejects.toMatchObject({
        code: "bad_request",
      });
    });

    test("messages of one name that are added at once are one", async () => {
      const added = await Promise.all(
        Array.from({ length: 8 }, () => add("hello", "room", { clientId: "c" })),
      );
      expect(new Set(added.map(({ message }) => message.id)).size).toBe(1);
      expect(added.filter(({ isNew }) => isNew)).toHaveLength(1);
    });

    test("pages hold each message once, newest first, those of one millisecond too", async () => {
      const times = Array.from({ length: 25 }, (_, index) => Date.UTC(2030, 0, 1) + Math.floor(index / 6));
      await bench.addMessages("room", times);
      await send("elsewhere", "other room");
      for (const limit of [1, 3, 5, 24, 25, 26]) {
        const all = await readAll(limit);
        expect(new Set(all.map(({ content }) => content)).size).toBe(25);
        expect(all).toHaveLength(25);
        expect(all.map(({ createdAt }) => Date.parse(createdAt))).toEqual(times.toReversed());
      }
    });

    test("messages that arrive between two pages move nothing", async () => {
      for (let index = 0; index < 6; index++) await send(`${index}`);
      const before = (await readAll(100)).map(({ id }) => id);
      const since = Date.now();
      const later = () => bench.addMessages("room", [since + 1_000]);
      expect((await readAll(2, later)).map(({ id }) => id)).toEqual(before);
    });

    test("a page has at least one message and at most the greatest page", async () => {
      await bench.addMessages("room", Array(MESSAGES_PAGE_MAX + 5).fill(Date.UTC(2030, 0, 1)));
      const size = async (limit: number) => (await chat().page("room", { limit })).messages.length;
      expect([await size(0), await size(-3), await size(1e9)]).toEqual([1, 1, MESSAGES_PAGE_MAX]);
    });

    test.each([
      "",
      "x",
      "é",
      Buffer.from("12 a\0").toString("base64url"),
      Buffer.from("soon id").toString("base64url"),
    ])("a cursor that is none is refused: %j", async (cursor) => {
      const reading = chat().page("room", { cursor, limit: 5 });
      await expect(reading).rejects.toMatchObject({ code: "bad_request" });
    });

    test("a NUL, which cannot be stored, is the sender's error", async () => {
      await expect(send("a\0b")).rejects.toMatchObject({ code: "bad_request" });
      expect(await chat().page("a\0b", { limit: 5 })).toEqual({ messages: [], nextCursor: null });
    });

    test("messages since a time are those of the conversations from then on, oldest first, so many at most", async () => {
      const now = Date.now();
      await bench.addMessages("room", [now - 50_000, now - 20_000, now - 10_000]);
      await bench.addMessages("club", [now - 15_000]);
      await bench.addMessages("elsewhere", [now - 5_000]);
      const since = async (from: number, limit: number) => {
        const found = await chat().since(["room", "club", "nul\0"], { from, limit });
        return found.map(({ createdAt }) => (now - Date.parse(createdAt)) / 1_000);
      };
      expect(await since(now - 20_000, 10)).toEqual([20, 15, 10]);
      expect(await since(now - 19_999, 10)).toEqual([15, 10]);
      expect(await since(now - 20_000, 2)).toEqual([20, 15]);
      expect(await since(now - 90_000, 10)).toEqual([50, 20, 15, 10]);
      expect(await chat().since([], { from: 0, limit: 10 })).toEqual([]);
    });

    test("the store's clock is the one that dates messages", async () => {
      const before = await chat().now();
      const { createdAt } = await send("hello");
      const after = await chat().now();
      expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(createdAt)).toBeLessThanOrEqual(after);
    });

    test("a member takes part no more once the account is off, or the session or the share link over", async () => {
      await bench.addUsers("ann", "off");
      const guests = ["anon_1", "anon_off", "anon_revoked"];
      await bench.addConversation("club", { members: ["ann", "off"], guests });
      const allowed = async () => {
        const ids = ["ann", "off", ...guests];
        const may = await Promise.all(ids.map((id) => chat().isMember("club", id)));
        return ids.filter((_, at) => may[at]);
      };
      expect(await allowed()).toEqual(["ann", "off", ...guests]);
      await bench.writer.deactivate("off");
      await bench.writer.deactivate("anon_off");
      await bench.writer.revokeSessions("anon_revoked");
      expect(await allowed()).toEqual(["ann", "anon_1"]);
      await bench.setLink("club-link", { expiresAt: Date.now() - 1_000 });
      expect(await allowed()).toEqual(["ann"]);
      await bench.setLink("club-link", { expiresAt: null, isActive: false });
      expect(await allowed()).toEqual(["ann"]);
    });

    test("members are who belongs to the conversation now, by account or by share link", async () => {
      await bench.addUsers("ann", "left");
      await bench.addConversation("club", { members: ["ann", "left"], guests: ["anon_1", "anon_left"] });
      await bench.addConversation("other");
      await bench.writer.removeMember("club", "left");
      await bench.writer.removeMember("club", "anon_left");
      const member = (id: string, conversation = "club") => chat().isMember(conversation, id);
      expect(await Promise.all([member("ann"), member("anon_1")])).toEqual([true, true]);
      const strangers = [member("left"), member("anon_left"), member("unknown"), member("ann", "other")];
      const others = [member("anon_1", "other"), member("nul\0"), member("ann", "nul\0")];
      expect(await Promise.all([...strangers, ...others])).toEqual(Array(7).fill(false));
    });
  });
}
