import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { AckLost, type Bus, PublishRefused } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { silent } from "./kit.ts";

const WRONG_LAST_SEQUENCE = 10071;

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
