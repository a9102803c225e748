import { untilAnswered } from "@meeshy/shared/nats/until-answered";
import { AckLost, RequestTimeout, StreamExists } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sleep = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));
const bus = (isClosed = false) => ({ clock: { ...systemClock, sleep }, isClosed: () => isClosed });

/** A question that is lost after `ms`, each time it is asked. */
function losing(ms: number, error: Error) {
  let asked = 0;
  return {
    asked: () => asked,
    async ask(): Promise<never> {
      asked++;
      await sleep(ms);
      throw error;
    },
  };
}

test("what is lost is asked again, and the first answer counts", async () => {
  const errors = [new RequestTimeout("a"), new AckLost("a")];
  let asked = 0;
  const outcome = untilAnswered(bus(), async () => {
    const error = errors[asked++];
    if (error) throw error;
    return "answer";
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await outcome).toBe("answer");
  expect(asked).toBe(3);
});

test("after 30 s without an answer the start fails, with a name", async () => {
  const question = losing(5_000, new RequestTimeout("PRESENCE_EVENTS"));
  const outcome = untilAnswered(bus(), question.ask).catch(String);
  await vi.advanceTimersByTimeAsync(29_000);
  const askedBefore = question.asked();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await outcome).toContain("PRESENCE_EVENTS");
  expect(askedBefore).toBe(6);
  expect(question.asked()).toBe(6);
});

test.each([
  ["an error of another kind", false, new StreamExists("S")],
  ["a lost answer on a closed link", true, new RequestTimeout("S")],
])("%s is thrown at once", async (_, isClosed, error) => {
  const question = losing(0, error);
  const outcome = untilAnswered(bus(isClosed), question.ask).catch((thrown: unknown) => thrown);
  await vi.advanceTimersByTimeAsync(10);
  expect(await outcome).toBe(error);
  expect(question.asked()).toBe(1);
});
