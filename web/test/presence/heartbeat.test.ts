import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createHeartbeat } from "../../presence/heartbeat.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose gateway answers while `answers` is true. */
function setUp() {
  const link = { answers: true, isVisible: true, asked: 0, log: [] as string[] };
  const heartbeat = createHeartbeat({
    ask: (withinMs) => {
      link.asked += 1;
      return new Promise((resolve, reject) => {
        const look = setInterval(() => link.answers && resolve(clearInterval(look)), 5);
        setTimeout(() => reject(new Error("no answer", { cause: clearInterval(look) })), withinMs);
      });
    },
    isVisible: () => link.isVisible,
    onSilent: () => link.log.push("silent"),
    onAnswer: () => link.log.push("answer"),
    onDead: () => link.log.push("dead"),
    now: () => Date.now(),
  });
  heartbeat.start();
  return { link, heartbeat };
}

it("notices a gateway that stands still within 5 s, whenever the last message came", async () => {
  for (const heardAfter of [0, 100, 1_000, 1_999]) {
    const { link, heartbeat } = setUp();
    await vi.advanceTimersByTimeAsync(heardAfter);
    heartbeat.heard();
    link.answers = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(link.log).toEqual(["silent"]);
    heartbeat.stop();
  }
});

it("takes a gateway back that answers the next question, however late", async () => {
  const { link } = setUp();
  link.answers = false;
  await vi.advanceTimersByTimeAsync(5_000);
  link.answers = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(link.log).not.toContain("dead");
  expect(link.log.slice(0, 2)).toEqual(["silent", "answer"]);
});

it("gives a dead connection up once", async () => {
  const { link } = setUp();
  link.answers = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(link.log).toEqual(["silent", "dead"]);
});

it("asks nothing while messages arrive, while no one looks, and after its end", async () => {
  const { link, heartbeat } = setUp();
  for (let ms = 0; ms < 10_000; ms += 500) {
    heartbeat.heard();
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(link.asked).toBe(0);
  link.isVisible = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(link.asked).toBe(0);
  link.isVisible = true;
  await vi.advanceTimersByTimeAsync(2_100);
  expect(link.asked).toBe(1);
  heartbeat.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(link.asked).toBe(1);
});
