import type { TransitionRow } from "@meeshy/shared/ports/transition-history";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { createMemoryStore } from "@meeshy/shared/testing/memory/store";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Identity } from "../../src/auth/authenticate.ts";
import { createCachedDirectory } from "../../src/directory/cached-directory.ts";
import { openTransitionEvents, UNREAD_MAX_BYTES } from "../../src/routes/transition-events.ts";
import { createTransitionStream } from "../../src/status/transition-stream.ts";
import { quiet } from "../harness.ts";

beforeEach(() => {
  const toFake = [
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
    "performance",
    "Date",
  ] as const;
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: [...toFake] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function open({ expiresAt = null }: { expiresAt?: number | null } = {}) {
  const store = createMemoryStore({ now: Date.now });
  store.addUser({ id: "root", role: "ADMIN" });
  const directory = createCachedDirectory(store.directory);
  const transitions = createTransitionStream({ history: store.history, clock: systemClock, logger: quiet });
  const user = await directory.users.get("root");
  if (!user) throw new Error("there is no such person");
  const caller: Identity = { user, isAdmin: true, expiresAt, issuedAt: 0, sessionToken: null };
  const body = await openTransitionEvents({ transitions, directory, bus: { clock: systemClock } }, caller);
  const write = (count: number, from = 0) =>
    store.history.write(Array.from({ length: count }, (_, n) => line(from + n)));
  return { store, body, write };
}

const line = (version: number): TransitionRow => ({
  ...{ userId: "u".repeat(200), epoch: 1, version, at: Date.now(), from: "offline", to: "online" },
  ...{ cause: "connect", connectionId: null, traceId: null },
});

test("a listener that does not read is closed once so much waits for it", async () => {
  const { body, write } = await open();
  await write(400);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(body.destroyed).toBe(false);
  expect(body.readableLength).toBeGreaterThan(100_000);
  await write(400, 400);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(body.destroyed).toBe(true);
  expect(400 * 350).toBeLessThan(UNREAD_MAX_BYTES);
});

test("one that reads is sent any amount, and a comment each quarter of a minute", async () => {
  const { body, write } = await open();
  let text = "";
  body.on("data", (chunk) => {
    text += chunk;
  });
  for (let n = 0; n < 4; n++) {
    await write(400, n * 400);
    await vi.advanceTimersByTimeAsync(4_000);
  }
  expect(text.length).toBeGreaterThan(UNREAD_MAX_BYTES);
  expect(text.match(/^event: transition$/gm)).toHaveLength(1_600);
  expect(text.match(/^: still here$/gm)).toHaveLength(1);
  expect(body.destroyed).toBe(false);
});

test("it ends with the token, also where nothing is read", async () => {
  const { body } = await open({ expiresAt: Date.now() + 60_000 });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(body.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(body.destroyed).toBe(true);
});

test("a token that lives longer than a timer ends it no sooner, and is looked at again as late as a timer can", async () => {
  const after = vi.spyOn(systemClock, "after");
  const { body } = await open({ expiresAt: Date.now() + 40 * 86_400_000 });
  body.resume();
  // Node runs a timer that is longer out at once.
  expect(Math.max(...after.mock.calls.map(([ms]) => ms))).toBe(2 ** 31 - 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(body.readableEnded).toBe(false);
});

test("it ends within a minute once the account is off", async () => {
  const { store, body } = await open();
  body.resume();
  await store.directory.writer?.deactivate("root");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(body.destroyed).toBe(true);
});
