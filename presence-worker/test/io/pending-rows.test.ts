import type { PresenceRow } from "@meeshy/shared/presence-row";
import { expect, it } from "vitest";
import { PendingRows } from "../../src/io/pending-rows.ts";

const row = (userId: string, version = 1): PresenceRow => ({
  ...{ userId, isAnonymous: false, isOnline: true, lastSeen: null, lastActiveAt: null },
  ...{ availability: "available", statusText: null, availabilityExpiresAt: null, epoch: 1, version },
});

/** Writes batches of two; `meanwhile` runs while each is on its way. Gives who was written, batch by batch. */
function write(pending: PendingRows, batches: number, meanwhile: (round: number) => void): string[][] {
  return Array.from({ length: batches }, (_, round) => {
    const batch = pending.batch(2).map((entry) => ({ entry, ...entry.pending }));
    meanwhile(round);
    for (const { entry, row, history } of batch) pending.settle(entry, { row, history });
    return batch.map(({ entry }) => entry.userId);
  });
}

it("lets users who change during each write delay no others", () => {
  const pending = new PendingRows(() => {});
  const hot = ["hot-1", "hot-2", "hot-3"];
  for (const userId of [...hot, "cold"]) pending.put(0, row(userId), [], 1);
  const written = write(pending, 4, (round) => {
    for (const userId of hot) pending.put(0, row(userId, 2 + round), [], 2 + round);
  });
  expect(written.slice(0, 2).flat().sort()).toEqual(["cold", ...hot]);
  expect(new Set(written.slice(2).flat())).toEqual(new Set(hot));
});

it("lets a partition in which more changes than is written delay no other", () => {
  const pending = new PendingRows(() => {});
  const fill = (round: number) => {
    for (const index of [1, 2, 3]) pending.put(0, row(`busy-${round}-${index}`), [], 1);
  };
  fill(0);
  for (const partition of [1, 2]) pending.put(partition, row(`quiet-${partition}`), [], 1);
  const written = write(pending, 3, (round) => fill(round + 1));
  expect(written.flat()).toEqual(expect.arrayContaining(["quiet-1", "quiet-2"]));
  expect(written.flat().some((userId) => userId.startsWith("busy"))).toBe(true);
});
