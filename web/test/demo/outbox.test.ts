// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createOutbox, type OutboxDeps } from "../../demo/outbox.ts";
import { PresenceRequestError } from "../../presence/rest.ts";
import type { ChatMessage } from "../../presence/wire.ts";

const NOW = Date.parse("2026-01-01T12:00:00.000Z");
const message = (id: string, content: string, part: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  conversationId: "general",
  senderId: "alice",
  content,
  createdAt: new Date(NOW + 100).toISOString(),
  ...part,
});

let stored: ChatMessage[];
let sent: string[];
let isConnected: boolean;
let send: (content: string) => Promise<string>;

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  stored = [];
  sent = [];
  isConnected = true;
  send = async (content) => {
    stored.push(message(`m${stored.length}`, content));
    return `m${stored.length - 1}`;
  };
});
afterEach(() => {
  vi.useRealTimers();
});

function create(part: Partial<OutboxDeps> = {}) {
  let keys = 0;
  return createOutbox({
    selfId: "alice",
    send: (_, content) => {
      sent.push(content);
      return send(content);
    },
    recent: async () => stored,
    isConnected: () => isConnected,
    now: () => NOW,
    newKey: () => `k${keys++}`,
    storage: sessionStorage,
    ...part,
  });
}
const settle = () => vi.advanceTimersByTimeAsync(0);
const states = (outbox: ReturnType<typeof create>) => outbox.entries().map(({ state }) => state);

it("shows a message until it has come back, whether its answer or the message comes first", async () => {
  const outbox = create();
  outbox.add("general", "hello");
  expect(states(outbox)).toEqual(["sending"]);
  await settle();
  expect(states(outbox)).toEqual(["sent"]);
  outbox.received(stored);
  expect(states(outbox)).toEqual([]);

  send = async (content) => {
    stored.push(message("early", content));
    outbox.received(stored);
    return "early";
  };
  outbox.add("general", "early");
  await settle();
  expect(states(outbox)).toEqual([]);
});

it("sends in order, one at a time", async () => {
  const outbox = create();
  for (const content of ["one", "two", "three"]) outbox.add("general", content);
  expect(sent).toEqual(["one"]);
  await settle();
  expect(sent).toEqual(["one", "two", "three"]);
});

it("waits for a connection, and then sends by itself", async () => {
  isConnected = false;
  const outbox = create();
  outbox.add("general", "hello");
  await settle();
  expect([states(outbox), sent]).toEqual([["waiting"], []]);
  isConnected = true;
  outbox.wake();
  await settle();
  expect(sent).toEqual(["hello"]);
});

it("does not send again what arrived without an answer, and never shows it as failed", async () => {
  const outbox = create();
  const accept = send;
  send = async (content) => {
    await accept(content);
    throw new Error("timeout");
  };
  outbox.add("general", "hello");
  await settle();
  expect(states(outbox)).toEqual(["waiting"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([states(outbox), sent]).toEqual([[], ["hello"]]);
});

it("sends again what has not arrived; the same words of earlier, or of another person, prove nothing", async () => {
  stored.push(message("before", "hello", { createdAt: new Date(NOW - 60_000).toISOString() }));
  stored.push(message("others", "hello", { senderId: "bob" }));
  const outbox = create();
  const accept = send;
  send = () => Promise.reject(new Error("timeout"));
  outbox.add("general", "hello");
  await settle();
  send = accept;
  await vi.advanceTimersByTimeAsync(3_000);
  expect([states(outbox), sent]).toEqual([["sent"], ["hello", "hello"]]);
});

it("takes one message for one of two that say the same", async () => {
  const outbox = create();
  const accept = send;
  let isFirst = true;
  send = async (content) => {
    if (!isFirst) throw new Error("timeout");
    isFirst = false;
    return accept(content);
  };
  outbox.add("general", "ok");
  outbox.add("general", "ok");
  await settle();
  outbox.received(stored);
  expect(states(outbox)).toEqual(["waiting"]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(sent.length).toBeGreaterThan(2);
});

it("keeps what is refused, says why, and tries it again only when asked", async () => {
  const outbox = create();
  const accept = send;
  send = () => Promise.reject(new PresenceRequestError({ code: "not_found", message: "", retryable: false }));
  outbox.add("gone", "hello");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(outbox.entries()).toMatchObject([{ state: "refused", code: "not_found" }]);
  expect(sent).toHaveLength(1);
  send = accept;
  outbox.retry("k0");
  await settle();
  expect(states(outbox)).toEqual(["sent"]);
});

it("tries again by itself after a refusal that may pass", async () => {
  const outbox = create();
  const accept = send;
  send = () =>
    Promise.reject(new PresenceRequestError({ code: "unavailable", message: "", retryable: true }));
  outbox.add("general", "hello");
  await settle();
  send = accept;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(states(outbox)).toEqual(["sent"]);
});

it("goes on after a reload, without sending twice", async () => {
  isConnected = false;
  create().add("general", "unsent");
  create().add("general", "unsent too");
  stored.push(message("m9", "unsent too"));
  isConnected = true;
  const outbox = create();
  outbox.wake();
  await settle();
  expect(sent).toEqual(["unsent"]);
  expect(create({ selfId: "bob" }).entries()).toEqual([]);
});
