import { AckLost, type PubAck, PublishRefused } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAckTracker } from "../../src/nats/ack-tracker.ts";
import { toBytes } from "../../src/nats/last-value.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ack = (seq: number): PubAck => ({ stream: "S", seq });

/** A tracker, and what it reported of each publish. */
function start() {
  const tracker = createAckTracker(systemClock);
  const results: string[] = [];
  const expectAck = (name: string) =>
    tracker.expect(
      name,
      (error, stored) =>
        results.push(
          `${name}: ${stored ? `stored ${stored.seq}` : error instanceof AckLost ? "lost" : error instanceof PublishRefused ? `refused ${error.code}` : "?"}`,
        ),
      {
        onLate: ({ seq }) => results.push(`${name}: stored ${seq}, late`),
        onLateRefusal: ({ code }) => results.push(`${name}: refused ${code}, late`),
      },
    );
  return { tracker, results, expectAck };
}

test("an acknowledgement after the time counts as lost first, and then as late", () => {
  const { tracker, results, expectAck } = start();
  const token = expectAck("a");
  vi.advanceTimersByTime(1_200);
  expect(results).toEqual(["a: lost"]);
  tracker.answer(token, toBytes(ack(7)));
  tracker.answer(token, toBytes(ack(7)));
  expect(results).toEqual(["a: lost", "a: stored 7, late"]);
});

test("a refusal after the time counts as lost first, and then as late", () => {
  const { tracker, results, expectAck } = start();
  const token = expectAck("a");
  vi.advanceTimersByTime(1_200);
  const refusal = toBytes({ error: { code: 400, err_code: 10071, description: "wrong last" } });
  tracker.answer(token, refusal);
  tracker.answer(token, refusal);
  expect(results).toEqual(["a: lost", "a: refused 10071, late"]);
});

test("where acknowledgements take 2 s, later ones are waited for that long", () => {
  const { tracker, results, expectAck } = start();
  const first = expectAck("a");
  vi.advanceTimersByTime(2_000);
  tracker.answer(first, toBytes(ack(1)));
  const second = expectAck("b");
  vi.advanceTimersByTime(2_000);
  tracker.answer(second, toBytes(ack(2)));
  expect(results).toEqual(["a: lost", "a: stored 1, late", "b: stored 2"]);
});

test("without any answer the time stays the same: the end of an election is noticed soon", () => {
  const { tracker, results, expectAck } = start();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const before = results.length;
    const sentAt = performance.now();
    expectAck("a");
    while (results.length === before) vi.advanceTimersByTime(100);
    waits.push(Math.round((performance.now() - sentAt) / 1_000));
  }
  expect(waits).toEqual([1, 1, 1, 1]);
  tracker.linkBroke();
  expectAck("b");
  vi.advanceTimersByTime(1_200);
  expect(results.at(-1)).toBe("b: lost");
});

test("what waits when the link breaks is lost at once", () => {
  const { tracker, results, expectAck } = start();
  expectAck("a");
  tracker.linkBroke();
  expect(results).toEqual(["a: lost"]);
});

test("a refusal has the server's code, and an answer that is none counts as lost", () => {
  const { tracker, results, expectAck } = start();
  tracker.answer(
    expectAck("a"),
    toBytes({ error: { code: 400, err_code: 10071, description: "wrong last" } }),
  );
  tracker.answer(expectAck("b"), new Uint8Array());
  tracker.answer(expectAck("c"), new TextEncoder().encode("<html>"));
  expect(results).toEqual(["a: refused 10071", "b: lost", "c: lost"]);
});
