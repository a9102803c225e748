import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createWatching } from "../../presence/watching.ts";
import { buildStatus } from "./build-status.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const sent: [string, number][] = [];
  const read: number[] = [];
  const known = new Set<string>();
  const socket = new Set<string>();
  const link = { refuses: false };
  const watching = createWatching({
    async send(event, userIds) {
      sent.push([event, userIds.length]);
      if (link.refuses) throw new Error("rate_limited");
      for (const id of userIds) event === "presence:watch" ? socket.add(id) : socket.delete(id);
      expect(socket.size).toBeLessThanOrEqual(200);
      return userIds.map((id) => buildStatus(id));
    },
    async read(userIds) {
      read.push(userIds.length);
      return userIds.map((id) => buildStatus(id));
    },
    learn: (statuses) => {
      for (const { userId } of statuses) known.add(userId);
    },
  });
  return { watching, sent, read, known, socket, link };
}
const ids = (count: number, prefix = "u") => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

it("asks once for all who come within a moment, and again on a new connection", async () => {
  const { watching, sent, socket } = setUp();
  for (const id of ids(50)) watching.watch([id]);
  watching.connected();
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toEqual([["presence:watch", 50]]);
  watching.disconnected();
  socket.clear();
  watching.connected();
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toEqual([
    ["presence:watch", 50],
    ["presence:watch", 50],
  ]);
});

it("stops when the last place that shows a person is gone, and sends nothing for a row that scrolls past", async () => {
  const { watching, sent, socket } = setUp();
  watching.connected();
  const [first, second] = [watching.watch(["bob"]), watching.watch(["bob"])];
  await vi.advanceTimersByTimeAsync(100);
  first();
  first();
  watching.watch(["passing"])();
  await vi.advanceTimersByTimeAsync(100);
  expect([...socket]).toEqual(["bob"]);
  second();
  await vi.advanceTimersByTimeAsync(100);
  expect([...socket]).toEqual([]);
  expect(sent).toEqual([
    ["presence:watch", 1],
    ["presence:unwatch", 1],
  ]);
});

it("watches 200 and reads the others every 30 s, until there is room for them", async () => {
  const { watching, read, known, socket } = setUp();
  watching.connected();
  const stop = watching.watch(ids(200));
  watching.watch(ids(250, "late"));
  await vi.advanceTimersByTimeAsync(100);
  expect(socket.size).toBe(200);
  expect(known.size).toBe(450);
  const once = read.length;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(read.length).toBeGreaterThan(once);
  stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(socket.size).toBe(200);
  expect(socket.has("late0")).toBe(true);
});

it("asks for 2,200 of 10,000 people in requests of at most 200, and watches 200", async () => {
  const { watching, sent, read, known, socket } = setUp();
  watching.connected();
  const stop = watching.watch(ids(10_000));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(known.size).toBe(2_200);
  expect(socket.size).toBe(200);
  expect(Math.max(...read, ...sent.map(([, count]) => count))).toBeLessThanOrEqual(200);
  stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(socket.size).toBe(0);
});

it("tries again after a refusal", async () => {
  const { watching, socket, link } = setUp();
  link.refuses = true;
  watching.connected();
  watching.watch(["bob"]);
  await vi.advanceTimersByTimeAsync(100);
  link.refuses = false;
  await vi.advanceTimersByTimeAsync(2_100);
  expect([...socket]).toEqual(["bob"]);
});
