import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { createCorrections } from "../../src/delivery/corrections.ts";
import { createSentMeanwhile } from "../../src/delivery/sent-meanwhile.ts";
import type { Before } from "../../src/delivery/view-corrections.ts";
import type { KnownPerson } from "../../src/directory/cached-directory.ts";

const NEWS = { userId: "bob", conversationIds: ["a"], directoryVersion: 7 } as StatusMessage;
/** A clock on which waiting takes no time: only turns of the event loop. */
const clock = { ...systemClock, sleep: () => systemClock.turn() };

function correctWith(
  person: () => Promise<KnownPerson>,
  {
    sentMeanwhile = createSentMeanwhile(),
    onCorrected = (_: Before): unknown => undefined,
    deeds = [] as string[],
  } = {},
) {
  const nothing = { peek: () => undefined, prime() {}, forget() {} };
  return createCorrections({
    clock,
    directory: {
      ...{ person, forgetPerson: (id) => void deeds.push(`forget ${id}`), users: nothing, blocks: nothing },
      ...{ members: nothing, memberCounts: nothing },
    },
    connections: { of: () => [] },
    memberships: { take() {} },
    largeRooms: { review() {} },
    views: { send: (_, before) => void onCorrected(before) },
    broadcaster: { readAnew: (id) => void deeds.push(`read ${id} anew`) },
    sentMeanwhile,
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

it("what a socket was sent while the directory was read is what it saw before", async () => {
  const { promise, resolve } = Promise.withResolvers<KnownPerson>();
  const corrected: Before[] = [];
  const sentMeanwhile = createSentMeanwhile();
  const corrections = correctWith(() => promise, {
    sentMeanwhile,
    onCorrected: (before) => corrected.push(before),
  });
  const online = { ...NEWS, directoryVersion: 6, isOnline: true };
  const left = { ...NEWS, isOnline: false };
  sentMeanwhile.note({ ...online, version: 1 }, ["earlier"]);
  corrections.begin(NEWS, online);
  sentMeanwhile.note(left, ["socket"]);
  corrections.begin({ ...NEWS, directoryVersion: 8 }, left);
  resolve({ user: undefined, blocked: new Set(), conversationIds: [] });
  await eventually(() => corrected.length > 0);
  expect(corrected).toMatchObject([{ seenIn: new Set(["a"]), status: online }]);
  const seenBy = (id: string) => corrected[0]?.sentTo({ socket: { id } } as ClientConnection);
  expect(seenBy("socket")).toEqual(left);
  expect(seenBy("earlier")).toBeUndefined();
});

it("until the news of a person are read, nothing that was read before counts, and the person waits", async () => {
  const { promise, resolve } = Promise.withResolvers<KnownPerson>();
  const deeds: string[] = [];
  const sentMeanwhile = createSentMeanwhile();
  const corrections = correctWith(() => promise, {
    sentMeanwhile,
    deeds,
    onCorrected: () => deeds.push(sentMeanwhile.isWaiting("bob") ? "waits" : "waits no more"),
  });
  corrections.begin(NEWS, undefined);
  expect(deeds).toEqual(["forget bob", "read bob anew"]);
  expect(sentMeanwhile.isWaiting("bob")).toBe(true);
  resolve({ user: undefined, blocked: new Set(), conversationIds: [] });
  await eventually(() => deeds.length > 2);
  expect(deeds.at(-1)).toBe("waits no more");
});
