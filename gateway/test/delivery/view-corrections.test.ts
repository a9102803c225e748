import type { DirectoryUser } from "@meeshy/shared/directory";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import { describe, expect, it } from "vitest";
import { createDisclosureLedger } from "../../src/delivery/disclosures.ts";
import { createViewCorrections, type ViewCorrectionDeps } from "../../src/delivery/view-corrections.ts";

const BOB: DirectoryUser = {
  ...{ id: "bob", username: "bob", displayName: null, isAnonymous: false },
  ...{ isActive: true, showOnlineStatus: true, showLastSeen: true, role: "USER", sessionsRevokedAt: null },
};
const AT = "2026-01-01T00:00:00.000Z";
const statusOf = (isOnline: boolean, version: number) =>
  ({
    ...{ userId: "bob", username: "bob", displayName: null, isAnonymous: false, conversationIds: ["room"] },
    ...{ isOnline, version, epoch: 1, directoryVersion: 1, at: AT, cause: "connect" },
    ...{ availability: "available", statusText: null, expiresAt: null },
    ...{ lastActiveAt: AT, lastSeen: isOnline ? null : AT },
  }) as unknown as StatusMessage;

/** Bob blocks alice, whose socket was sent `sent` since the status of before; gives what her socket is sent of it. */
function block({ before, sent, now }: { before: boolean; sent: boolean | null; now: boolean }) {
  const statuses: UserStatus[] = [];
  const snapshots: unknown[] = [];
  const disclosures = createDisclosureLedger();
  disclosures.note(BOB);
  const viewer = { userId: "alice", identity: { isAdmin: false }, blocked: new Set(), isReady: true };
  const views = createViewCorrections({
    clock: { wall: () => Date.parse(AT) },
    board: { brokerTime: () => null },
    outlet: {
      status: (_: string[], status: UserStatus) => statuses.push(status),
      snapshot: (_: string[], snapshot: unknown) => snapshots.push(snapshot),
    },
    audience: { followers: () => new Set(["socket"]) },
    feed: { get: () => statusOf(now, 3) },
    directory: { blocks: { prime() {} } },
    connections: { ofSocket: () => viewer },
    disclosures,
  } as unknown as ViewCorrectionDeps);
  views.send(
    { userId: "bob", user: BOB, blocked: new Set(["alice"]) },
    {
      seenIn: new Set(["room"]),
      status: statusOf(before, 1),
      sentTo: () => (sent === null ? undefined : statusOf(sent, 2)),
    },
  );
  expect(snapshots).toEqual([]);
  return statuses.map(({ isOnline }) => isOnline);
}

describe("who blocks a viewer leaves, as that viewer sees it", () => {
  it.each([
    ["online all the time", { before: true, sent: null, now: true }, [false]],
    [
      "whose leave the viewer was sent while the block was read",
      { before: true, sent: false, now: false },
      [],
    ],
    ["whose leave no one was sent", { before: true, sent: null, now: false }, [false]],
    [
      "whose return the viewer was sent while the block was read",
      { before: false, sent: true, now: true },
      [false],
    ],
    ["offline all the time", { before: false, sent: null, now: false }, []],
  ])("%s", (_, course, departures) => {
    expect(block(course)).toEqual(departures);
  });
});
