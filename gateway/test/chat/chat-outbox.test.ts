import type { Bus } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createChatOutbox } from "../../src/chat/chat-outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An outbox on a link whose flushes take `flushMs`, unless one is failed; what it published and dropped. */
function start(flushMs: number, startsUp = true) {
  let up = startsUp;
  let changed: (up: boolean) => void = () => {};
  let failFlushes: (error: Error) => void = () => {};
  const published: string[] = [];
  let dropped = 0;
  const bus: Pick<Bus, "clock" | "isUp" | "onChange" | "publish" | "flush"> = {
    clock: systemClock,
    isUp: () => up,
    onChange(listener) {
      changed = listener;
      return () => {};
    },
    publish: (_, data = new Uint8Array()) =>
      void published.push(JSON.parse(new TextDecoder().decode(data)).id),
    flush: () =>
      new Promise((resolve, reject) => {
        failFlushes = reject;
        systemClock.after(flushMs, resolve);
      }),
  };
  const outbox = createChatOutbox(bus as Bus, () => dropped++);
  onTestFinished(() => outbox.stop());
  return {
    outbox,
    published,
    dropped: () => dropped,
    failFlush: () => failFlushes(new Error("disconnected")),
    turn(next: boolean) {
      up = next;
      changed(up);
    },
  };
}

const message = (id: string, bytes = 1): ChatMessage => ({
  ...{ id, conversationId: "room", senderId: "alice", content: "x".repeat(bytes) },
  createdAt: "2026-01-01T00:00:00.000Z",
});

it("publishes each message at once, and once, however long flushes take", async () => {
  const { outbox, published } = start(5_000);
  outbox.publish(message("a"));
  await vi.advanceTimersByTimeAsync(2_500);
  outbox.publish(message("b"));
  expect(published).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(published).toEqual(["a", "b"]);
});

it("publishes again, in order, what a link that broke may have lost, and nothing that had arrived", async () => {
  const { outbox, published, failFlush, turn } = start(500);
  outbox.publish(message("arrived"));
  await vi.advanceTimersByTimeAsync(600);
  outbox.publish(message("a"));
  outbox.publish(message("b"));
  failFlush();
  turn(false);
  outbox.publish(message("c"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(published).toEqual(["arrived", "a", "b"]);
  turn(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(published).toEqual(["arrived", "a", "b", "a", "b", "c"]);
});

it("publishes again after a flush that failed without a change of the link", async () => {
  const { outbox, published, failFlush } = start(500);
  outbox.publish(message("a"));
  failFlush();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(published).toEqual(["a", "a"]);
});

it("a flush that ends after the link broke proves nothing of what was sent before", async () => {
  const { outbox, published, turn } = start(500);
  outbox.publish(message("a"));
  turn(false);
  await vi.advanceTimersByTimeAsync(5_000);
  turn(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(published).toEqual(["a", "a"]);
});

it("holds 16 MB while the link is down, drops the oldest beyond, and says how many", async () => {
  const { outbox, published, dropped, turn } = start(500, false);
  for (let n = 0; n < 5_000; n++) outbox.publish(message(`m${n}`, 4_000));
  turn(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(published.length).toBeGreaterThan(4_000);
  expect(published.length * 4_000).toBeLessThanOrEqual(16 * 1024 ** 2);
  expect(dropped()).toBe(5_000 - published.length);
  expect(published).toEqual(Array.from(published, (_, at) => `m${at + dropped()}`));
});
