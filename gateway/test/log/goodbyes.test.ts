import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { expect, it } from "vitest";
import { createGoodbyes } from "../../src/log/goodbyes.ts";

const A_MINUTE = 60_000;

function world() {
  let now = 0;
  const goodbyes = createGoodbyes({ ...systemClock, now: () => now });
  return {
    note: (connectionId: string, written: Promise<unknown>) =>
      goodbyes.note({ userId: "alice", connectionId, reason: "client namespace disconnect" }, written),
    /** after what was written or refused is known */
    async passes(ms: number) {
      await nextTurn();
      now += ms;
    },
    recent: () => goodbyes.recent().map(({ connectionId }) => connectionId),
  };
}

it("a goodbye is said again for half a minute after it was written", async () => {
  const { note, passes, recent } = world();
  note("c1", Promise.resolve(1));
  await passes(30_000);
  expect(recent()).toEqual(["c1"]);
  await passes(1);
  expect(recent()).toEqual([]);
});

it("one that waits for the log is not over, however long that takes", async () => {
  const { note, passes, recent } = world();
  const writing = Promise.withResolvers<number>();
  note("c1", writing.promise);
  await passes(10 * A_MINUTE);
  expect(recent()).toEqual(["c1"]);
  writing.resolve(1);
  await passes(A_MINUTE);
  expect(recent()).toEqual([]);
});

it("one whose write was given up with its life is said again by the next life, and is over after that", async () => {
  const { note, passes, recent } = world();
  const writing = Promise.withResolvers<number>();
  note("c1", writing.promise);
  writing.reject(new Error("the publisher is closed"));
  expect(recent()).toEqual(["c1"]);
  await passes(0);
  expect(recent()).toEqual(["c1"]);
  await passes(A_MINUTE);
  expect(recent()).toEqual([]);
});

it("the bound takes those that are written before one that waits", async () => {
  const { note, passes, recent } = world();
  note("waits", new Promise(() => {}));
  for (let n = 0; n < 19_999; n++) note(`c${n}`, Promise.resolve(n));
  await passes(0);
  note("last", new Promise(() => {}));
  expect(recent()).toHaveLength(20_000);
  expect(recent()).toContain("waits");
  expect(recent()).not.toContain("c0");
});

it("one that is said once more under the same id counts from then", async () => {
  const { note, passes, recent } = world();
  const first = Promise.withResolvers<number>();
  note("c1", first.promise);
  note("c1", new Promise(() => {}));
  first.resolve(1);
  await passes(A_MINUTE);
  expect(recent()).toEqual(["c1"]);
});
