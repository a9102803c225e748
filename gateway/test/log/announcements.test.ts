import { setImmediate as nextTurn } from "node:timers/promises";
import { PROFILE_WAIT_MAX_MS } from "@meeshy/shared/events";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { createAnnouncements } from "../../src/log/announcements.ts";

/** One open connection; each announcement of it waits for an answer of the test's own. */
function world() {
  let now = 0;
  const readAnew: string[] = [];
  const answers: PromiseWithResolvers<number>[] = [];
  const arrival = { isResumed: false, isPassive: false, idleMs: 0 };
  const connection = { id: "c1", userId: "alice", lastActivityAt: 0, arrival } as ClientConnection;
  const open = new Set([connection]);
  const announcements = createAnnouncements(
    {
      clock: { ...systemClock, now: () => now },
      connections: { all: () => [...open], has: ({ id }) => [...open].some((one) => one.id === id) },
      publish() {
        const answer = Promise.withResolvers<number>();
        answers.push(answer);
        return answer.promise;
      },
      gatewayId: () => "gw-1",
      readProfileAnew: ({ id }) => void readAnew.push(id),
      epochNow: () => 1,
    },
    { leaseMs: 6_000 },
  );
  let outcome = "waiting";
  const announce = () =>
    announcements.first(connection).then(
      () => {
        outcome = "logged";
      },
      (error: Error) => {
        outcome = error.message;
      },
    );
  const wait = (ms: number) => {
    now += ms;
  };
  return { announcements, connection, open, answers, announce, wait, readAnew, outcome: () => outcome };
}

it("a connection that is announced again before its first announcement is stored is logged once the second is", async () => {
  const { announcements, connection, answers, announce, outcome } = world();
  void announce();
  announcements.again(connection);
  answers[0]?.resolve(0);
  await nextTurn();
  expect(outcome()).toBe("waiting");
  answers[1]?.resolve(7);
  await nextTurn();
  expect(outcome()).toBe("logged");
});

it("a connection whose life ends is logged by its announcement in the next; without one it fails", async () => {
  const { announcements, connection, answers, announce, outcome } = world();
  void announce();
  announcements.again(connection);
  answers[0]?.reject(new Error("the life has ended"));
  await nextTurn();
  expect(outcome()).toBe("waiting");
  answers[1]?.reject(new Error("the publisher is closed"));
  await nextTurn();
  expect(outcome()).toBe("the publisher is closed");
});

it("a connection that is closed meanwhile is not waited for", async () => {
  const { announcements, connection, open, answers, announce, outcome } = world();
  void announce();
  announcements.again(connection);
  open.delete(connection);
  answers[0]?.resolve(0);
  await nextTurn();
  expect(outcome()).toBe("logged");
});

it("a connection that comes into the log too late for its stored profile has that read anew", async () => {
  const { announcements, connection, answers, announce, wait, readAnew } = world();
  void announce();
  wait(PROFILE_WAIT_MAX_MS);
  answers[0]?.resolve(7);
  await nextTurn();
  expect(readAnew).toEqual([]);
  announcements.again(connection);
  wait(PROFILE_WAIT_MAX_MS + 1);
  answers[1]?.resolve(8);
  await nextTurn();
  expect(readAnew).toEqual(["c1"]);
});
