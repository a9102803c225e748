import type { Bus } from "@meeshy/shared/ports/bus";
import type { ChatStore } from "@meeshy/shared/ports/chat-store";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { createMemoryStore } from "@meeshy/shared/testing/memory/store";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { type RelayDeps, relayChat } from "../../src/chat/chat-relay.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const conversationIds = ["room"];

/** A relay with one socket, whose store answers each question after `answerMs`. */
function start(answerMs: number) {
  const store = createMemoryStore({ now: Date.now }).chat;
  const answered = () => new Promise<void>((resolve) => systemClock.after(answerMs, resolve));
  const slowStore: Pick<ChatStore, "now" | "since"> = {
    now: () => answered().then(store.now),
    since: (...question) => answered().then(() => store.since(...question)),
  };
  let changed: (up: boolean) => void = () => {};
  const bus: Pick<Bus, "clock" | "subscribe" | "onChange"> = {
    clock: systemClock,
    subscribe: () => ({ unsubscribe() {} }),
    onChange(listener) {
      changed = listener;
      return () => {};
    },
  };
  const received: string[] = [];
  const warnings: string[] = [];
  const emit = (_event: string, { content }: ChatMessage) => received.push(content);
  const relay = relayChat({
    io: {
      sockets: { adapter: { rooms: { get: () => ["socket"] } } },
      local: { to: () => ({ emit }) },
    },
    outlet: { send: (socketIds: string[], send: (ids: string[]) => void) => send(socketIds) },
    connections: { all: () => [{ conversationIds }] },
    bus,
    store: slowStore,
    logger: { warn: (_: object, text: string) => warnings.push(text) },
  } as unknown as RelayDeps);
  onTestFinished(() => relay.stop());
  return {
    received,
    warnings,
    write: (content: string) => store.add({ conversationId: "room", senderId: "ann", content }),
    turn: (up: boolean) => changed(up),
  };
}

it.each([5, 2_000, 60_000])(
  "what was missed is read, also where the database takes %i ms to answer",
  async (answerMs) => {
    const { received, write, turn } = start(answerMs);
    await vi.advanceTimersByTimeAsync(100);
    turn(false);
    await write("missed");
    await vi.advanceTimersByTimeAsync(1_000);
    turn(true);
    await vi.advanceTimersByTimeAsync(2 * answerMs);
    expect(received).toEqual(["missed"]);
  },
);

it("what was stored before this gateway began, or long before its link broke, is not sent again", async () => {
  const { received, write, turn } = start(5);
  await write("at the start");
  await vi.advanceTimersByTimeAsync(60_000);
  await write("just before the break");
  turn(false);
  turn(true);
  await vi.advanceTimersByTimeAsync(10);
  expect(received).toEqual(["just before the break"]);
});

it("no more than 5,000 missed messages are read, the oldest, and that is logged", async () => {
  const { received, warnings, write, turn } = start(5);
  turn(false);
  for (let n = 0; n < 4_999; n++) await write(`${n}`);
  turn(true);
  await vi.advanceTimersByTimeAsync(10);
  expect({ received: received.length, warnings }).toEqual({ received: 4_999, warnings: [] });
  turn(false);
  for (let n = 0; n < 10; n++) await write(`later ${n}`);
  turn(true);
  await vi.advanceTimersByTimeAsync(10);
  expect(received.at(-1)).toBe("later 0");
  expect(warnings).toEqual([expect.stringContaining("there may be later ones")]);
});
