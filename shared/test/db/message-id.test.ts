import { expect, it, vi } from "vitest";
import { messageId } from "../../src/db/message-id.ts";

it("gives UUIDs that rise as text, within a millisecond and when the clock is put back", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  const ids = Array.from({ length: 10_000 }, messageId);
  vi.setSystemTime(Date.now() - 60_000);
  ids.push(messageId());
  vi.useRealTimers();
  expect(ids).toEqual([...new Set(ids)].sort());
  for (const id of ids.slice(0, 3))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
