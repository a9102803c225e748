import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { AckLost, type Bus } from "@meeshy/shared/ports/bus";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, test } from "vitest";
import { silent } from "./kit.ts";

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
