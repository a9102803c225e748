import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LastValue } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { createErasures } from "../../src/io/erasures.ts";

const ERASED = { userId: "ann", username: null, conversationIds: [], isOnline: false, epoch: 1, version: 7 };

/** The status stream with one subject, after a deletion; gives what has been asked of it. */
function eraseAmong(last: LastValue | undefined) {
  const purged: object[] = [];
  let reads = 0;
  const erasures = createErasures({
    bus: {
      clock: systemClock,
      async lastValue() {
        reads++;
        return last;
      },
      async purge(_, what) {
        purged.push(what);
      },
    },
    statuses: { settled: async () => {} },
    keptMs: 1,
    logger: createLogger("test", "silent"),
  });
  erasures.begin(emptyRecord("ann"));
  return { purged, reads: () => reads };
}

const storedAs = (status: object): LastValue => ({ seq: 40, data: toBytes(status), deleted: false });

it("the last status of a deleted account is purged up to its sequence: one that comes meanwhile stays", async () => {
  const { purged } = eraseAmong(storedAs(ERASED));
  await eventually(() => purged.length > 0);
  expect(purged).toEqual([{ filter: statusSetSubject("ann"), below: 41 }]);
});

it.each([
  ["who has the id by now is shown", { ...ERASED, username: "ann", conversationIds: ["a"] }],
  ["who has the id by now is offline again", { ...ERASED, conversationIds: ["a"], version: 9 }],
  ["who has the id by now has just come", { ...ERASED, isOnline: true, version: 9 }],
])("nothing is purged when %s", async (_, status) => {
  const { purged, reads } = eraseAmong(storedAs(status));
  await eventually(() => reads() > 0);
  await systemClock.turn();
  expect(purged).toEqual([]);
});

it("a status that is gone needs no purge", async () => {
  const { purged, reads } = eraseAmong(undefined);
  await eventually(() => reads() > 0);
  await systemClock.turn();
  expect(purged).toEqual([]);
});
