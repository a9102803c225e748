import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
import { createCorrections } from "../../src/delivery/corrections.ts";

const NEWS = { userId: "bob", conversationIds: ["a"], directoryVersion: 7 } as StatusMessage;
/** A clock on which waiting takes no time: only turns of the event loop. */
const clock = { ...systemClock, sleep: () => systemClock.turn() };

function correctWith(person: () => Promise<never>) {
  const nothing = { peek: () => undefined, prime() {}, forget() {} };
  return createCorrections({
    clock,
    directory: {
      ...{ person, forgetPerson() {}, users: nothing, blocks: nothing },
      ...{ members: nothing, memberCounts: nothing },
    },
    connections: { of: () => [] },
    memberships: { take() {} },
    largeRooms: { review() {} },
    views: { send() {} },
    applied: { note() {} },
    logger: createLogger("test", "silent"),
  });
}

it("a correction waits for the directory by the clock, and is not tried any more once its gateway stops", async () => {
  let reads = 0;
  const corrections = correctWith(async () => {
    reads++;
    throw new Error("the directory is away");
  });
  corrections.begin(NEWS, undefined);
  await eventually(() => reads >= 3);
  corrections.stop();
  const readsAtStop = reads;
  for (let turn = 0; turn < 20; turn++) await systemClock.turn();
  expect(reads).toBe(readsAtStop);
});
