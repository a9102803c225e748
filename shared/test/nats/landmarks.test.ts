import { expect, test } from "vitest";
import { createLandmarks } from "../../src/nats/landmarks.ts";
import { toBytes } from "../../src/nats/last-value.ts";

/** A stream of the messages at these sequences. */
const streamOf = (messages: Record<number, unknown>) => ({
  messageAt: async (_stream: string, seq: number) =>
    seq in messages ? { subject: "a", time: 1, data: toBytes(messages[seq]) } : undefined,
});

function landmarksIn(messages: Record<number, unknown>) {
  const landmarks = createLandmarks(streamOf(messages), "S");
  for (let seq = 1; seq <= 100; seq++) landmarks.note(seq, "a", toBytes({ seq }));
  return landmarks;
}

test("a stream is the same while one of its last messages stands where it was read", async () => {
  expect(await landmarksIn({ 90: { seq: 90 } }).recognize()).toBe("same");
});

test("it is another when a different message stands there", async () => {
  expect(await landmarksIn({ 90: { seq: 90, of: "another log" } }).recognize()).toBe("other");
});

test("when none of the last messages is left the answer is unknown", async () => {
  expect(await landmarksIn({ 3: { seq: 3 } }).recognize()).toBe("unknown");
  const cleared = landmarksIn({ 100: { seq: 100 } });
  cleared.clear();
  expect(await cleared.recognize()).toBe("unknown");
});
