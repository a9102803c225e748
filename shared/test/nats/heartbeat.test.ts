import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { AckLost, type Bus, PublishRefused } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { silent } from "./kit.ts";

const WRONG_LAST_SEQUENCE = 10071;

/** A board of which every answer, refusals included, comes after it was given up, as on a link that has just become slow. */
function createLateBoard(lateByMs: number) {
  let revision = 0;
  let stored = 0;
  return {
    stored: () => stored,
    async remove() {},
    async put(key: string, _: unknown, expected: number, onLate?: (revision: number) => void) {
      if (expected === revision) {
        const own = ++revision;
        stored++;
        systemClock.after(lateByMs, () => onLate?.(own));
      }
      await systemClock.sleep(lateByMs / 2);
      throw new AckLost(key);
    },
  };
}

test("a heartbeat whose acknowledgements all come late keeps its key changing", async () => {
  const board = createLateBoard(20);
  const bus = { clock: systemClock, isUp: () => true, onChange: () => () => {} } as unknown as Bus;
  const foreign: unknown[] = [];
  const heart = createHeartbeat(bus, board, {
    ...{ key: "g.a", everyMs: 40, value: (beat) => ({ beat }), logger: silent },
    onForeign: (value) => void foreign.push(value),
  });
  const startedAt = systemClock.now();
  await heart.started;
  await eventually(() => board.stored() >= 5);
  expect(heart.lastStoredAt()).toBeGreaterThan(startedAt);
  expect(foreign).toEqual([]);
  await heart.stop();
});

test("a beat whose answer came late is what the next attempt conflicts with: it is asked for nothing, and written again", async () => {
  const attempts: number[] = [];
  let questions = 0;
  const answers: LeaseBoard["put"][] = [
    async () => 5,
    async (key, _, __, onLate) => {
      // Counts as lost, and is answered while the second attempt is under way.
      queueMicrotask(() => queueMicrotask(() => onLate?.(6)));
      throw new AckLost(key);
    },
    async (key) => {
      await systemClock.turn();
      throw new PublishRefused(key, WRONG_LAST_SEQUENCE, "wrong last sequence");
    },
    async () => 7,
  ];
  const board: Pick<LeaseBoard, "put" | "remove"> = {
    put(key, value, revision, onLate) {
      attempts.push(revision);
      const answer = answers.shift();
      return answer ? answer(key, value, revision, onLate) : Promise.resolve(revision);
    },
    remove: async () => {},
  };
  const bus = {
    clock: systemClock,
    isUp: () => true,
    onChange: () => () => {},
    async lastValue() {
      questions++;
      return undefined;
    },
  } as unknown as Bus;
  const heart = createHeartbeat(bus, board, {
    ...{ key: "g.a", everyMs: 60_000, value: (beat) => ({ beat }), onForeign() {}, logger: silent },
  });
  onTestFinished(() => heart.stop());
  await heart.started;
  await heart.beat();
  await eventually(() => attempts.length >= 4);
  expect(attempts).toEqual([0, 5, 5, 6]);
  expect(questions).toBe(0);
});
