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
let send: (content: string, clientId: string) => Promise<string>;

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  stored = [];
  sent = [];
  isConnected = true;
  // As the server does: the same clientId twice is one message.
  send = async (content, clientId) => {
    const known = stored.find((one) => one.clientId === clientId);
    if (known === undefined) stored.push(message(`m${stored.length}`, content, { clientId }));
    return known?.id ?? `m${stored.length - 1}`;
  };
});
afterEach(() => {
  vi.useRealTimers();
});

function create(part: Partial<OutboxDeps> = {}) {
  let keys = 0;
  return createOutbox({
    selfId: "alice",
    send: ({ content, key }) => {
      sent.push(content);
      return send(content, key);
    },
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

  send = async (content, clientId) => {
    stored.push(message("early", content, { clientId }));
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

it("sends again what has no answer, as the same message, and never shows it as failed", async () => {
  const outbox = create();
  const accept = send;
  send = async (content, clientId) => {
    await accept(content, clientId);
    throw new Error("timeout");
  };
  outbox.add("general", "hello");
  await settle();
  expect(states(outbox)).toEqual(["waiting"]);
  send = accept;
  await vi.advanceTimersByTimeAsync(3_000);
  expect([states(outbox), stored.length]).toEqual([["sent"], 1]);
  outbox.received(stored);
  expect(states(outbox)).toEqual([]);
});

it("knows a message by what the page calls it, not by its words", async () => {
  stored.push(message("others", "ok", { senderId: "bob", clientId: "k1" }));
  const outbox = create();
  outbox.add("general", "ok");
  outbox.add("general", "ok");
  await settle();
  outbox.received(stored.slice(0, 2));
  expect(outbox.entries()).toMatchObject([{ key: "k1", state: "sent" }]);
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

it("goes on after a reload, without a second message", async () => {
  isConnected = false;
  create().add("general", "unsent");
  await send("unsent", "k0");
  isConnected = true;
  const outbox = create();
  // The messages that are read after the reload do not say what the page called them.
  outbox.received(stored.map(({ clientId: _, ...read }) => read));
  outbox.wake();
  await settle();
  expect([states(outbox), stored.length]).toEqual([[], 1]);
  expect(create({ selfId: "bob" }).entries()).toEqual([]);
});
