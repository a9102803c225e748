import type { TransitionRow } from "@meeshy/shared/ports/transition-history";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { createMemoryStore } from "@meeshy/shared/testing/memory/store";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createTransitionStream,
  LISTENERS_MAX,
  type TransitionListener,
} from "../../src/status/transition-stream.ts";
import { quiet } from "../harness.ts";

beforeEach(() => {
  vi.useFakeTimers({
    now: Date.UTC(2030, 0, 1),
    toFake: ["setTimeout", "clearTimeout", "performance", "Date"],
  });
});
afterEach(() => void vi.useRealTimers());

function build() {
  const { history } = createMemoryStore({ now: Date.now });
  let reads = 0;
  let isAway = false;
  const counted = {
    newestAt: history.newestAt,
    async following(place: Parameters<typeof history.following>[0]) {
      reads++;
      if (isAway) throw new Error("away");
      return history.following(place);
    },
  };
  const stream = createTransitionStream({ history: counted, clock: systemClock, logger: quiet });
  const listen = async () => {
    const lines: number[] = [];
    let isStopped = false;
    const listener: TransitionListener = {
      onLines: (given) => void lines.push(...given.map(({ version }) => version)),
      onStop: () => {
        isStopped = true;
      },
    };
    return { lines, leave: await stream.listen(listener), isStopped: () => isStopped };
  };
  const write = (version: number, at = Date.now()) => history.write([line(version, at)]);
  const setAway = (is: boolean) => {
    isAway = is;
  };
  return { stream, listen, write, reads: () => reads, setAway };
}

const line = (version: number, at: number): TransitionRow => ({
  ...{ userId: "ann", epoch: 1, version, at, from: "offline", to: "online", cause: "connect" },
  ...{ connectionId: null, traceId: null },
});

const second = () => vi.advanceTimersByTimeAsync(1_000);

test("what was stored before is not new, what is stored after is, once for each listener", async () => {
  const { listen, write } = build();
  await write(1);
  const first = await listen();
  await write(2);
  await second();
  const other = await listen();
  await write(3);
  await second();
  await second();
  expect(first.lines).toEqual([2, 3]);
  expect(other.lines).toEqual([3]);
});

test("a line that is stored after a later one is new all the same", async () => {
  const { listen, write } = build();
  const { lines } = await listen();
  await write(9);
  await second();
  await write(4, Date.now() - 2_500);
  await second();
  expect(lines).toEqual([9, 4]);
});

test("one look a second serves all listeners, and there is none without one", async () => {
  const { listen, reads } = build();
  await second();
  expect(reads()).toBe(0);
  const listeners = [await listen(), await listen(), await listen()];
  const before = reads();
  for (let n = 0; n < 5; n++) await second();
  expect(reads() - before).toBe(5);
  for (const { leave } of listeners) leave();
  for (let n = 0; n < 5; n++) await second();
  expect(reads() - before).toBe(5);
  await listen();
  await second();
  expect(reads() - before).toBe(7);
});

test("one listener too many is refused, until another leaves", async () => {
  const { listen } = build();
  const listeners = await Promise.all(Array.from({ length: LISTENERS_MAX }, listen));
  await expect(listen()).rejects.toMatchObject({ code: "unavailable" });
  listeners[0]?.leave();
  listeners[0]?.leave();
  await listen();
  await expect(listen()).rejects.toMatchObject({ code: "unavailable" });
});

test("while the database is away no one can begin, those who listen stay, and what waited is new once it is back", async () => {
  const { listen, write, setAway } = build();
  const { lines } = await listen();
  await write(1);
  await second();
  setAway(true);
  await expect(build().listen()).resolves.toBeDefined();
  const other = build();
  other.setAway(true);
  await expect(other.listen()).rejects.toMatchObject({ code: "unavailable" });
  const missedAt = Date.now();
  await vi.advanceTimersByTimeAsync(20_000);
  setAway(false);
  await write(9);
  await second();
  await write(3, missedAt);
  await second();
  expect(lines).toEqual([1, 9, 3]);
});

test("a stop ends it for those who listen, and for those who would", async () => {
  const { stream, listen, reads } = build();
  const listener = await listen();
  stream.stop();
  expect(listener.isStopped()).toBe(true);
  await expect(listen()).rejects.toMatchObject({ code: "unavailable" });
  const before = reads();
  await second();
  expect(reads()).toBe(before);
});
