import type { ChatMessage } from "@meeshy/shared/socket-events";
import { expect, it } from "vitest";
import { appendMessage, EMPTY_TIMELINE, prependPage, refreshTimeline } from "../../demo/timeline.ts";

const message = (number: number): ChatMessage => ({
  id: `m${number}`,
  conversationId: "general",
  senderId: "alice",
  content: String(number),
  createdAt: new Date(number * 1_000).toISOString(),
});
const page = (numbers: number[], nextCursor: string | null = null) => ({
  messages: numbers.map(message),
  nextCursor,
});
const contents = ({ messages }: { messages: readonly ChatMessage[] }) =>
  messages.map(({ content }) => Number(content));

it("shows pages that come newest first oldest first", () => {
  const newest = refreshTimeline(EMPTY_TIMELINE, page([4, 3], "before 3"));
  expect(contents(newest)).toEqual([3, 4]);
  const all = prependPage(newest, page([2, 1]));
  expect(contents(all)).toEqual([1, 2, 3, 4]);
  expect(all.cursor).toBeNull();
});

it("shows a message once that comes both live and in a page", () => {
  const live = appendMessage(EMPTY_TIMELINE, message(3));
  expect(contents(appendMessage(live, message(3)))).toEqual([3]);
  expect(contents(refreshTimeline(live, page([3, 2])))).toEqual([2, 3]);
});

it("keeps a message that arrived while the page was being read", () => {
  const live = appendMessage(EMPTY_TIMELINE, message(5));
  expect(contents(refreshTimeline(live, page([4, 3])))).toEqual([3, 4, 5]);
  expect(contents(refreshTimeline(live, page([])))).toEqual([5]);
});

it("keeps earlier pages when the newest one joins up with them", () => {
  const read = refreshTimeline(EMPTY_TIMELINE, page([4, 3, 2, 1], "before 1"));
  const again = refreshTimeline(read, page([5, 4, 3], "before 3"));
  expect(contents(again)).toEqual([1, 2, 3, 4, 5]);
  expect(again.cursor).toBe("before 1");
});

it("lets go of messages that do not join up with the newest page, so that no hole is shown", () => {
  const read = refreshTimeline(EMPTY_TIMELINE, page([2, 1]));
  const again = refreshTimeline(read, page([9, 8], "before 8"));
  expect(contents(again)).toEqual([8, 9]);
  expect(again.cursor).toBe("before 8");
});
