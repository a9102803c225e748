import type { StatusMessage } from "@meeshy/shared/status";
import { describe, expect, it } from "vitest";
import { mergeStatus, type StoredRow } from "../../src/core/merge-status.ts";

const NOON = Date.parse("2026-01-01T12:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();
const bob = { id: "bob", username: "bob", isAnonymous: false };
const published: StatusMessage = {
  userId: "bob",
  username: "bob",
  displayName: null,
  isAnonymous: false,
  isOnline: true,
  availability: "available",
  statusText: null,
  statusExpiresAt: null,
  lastActiveAt: iso(NOON),
  lastSeen: iso(NOON - 1_000),
  epoch: 1,
  version: 10,
  cause: "connect",
  at: iso(NOON),
  conversationIds: ["general"],
  directoryVersion: 3,
};
const row: StoredRow = {
  isOnline: false,
  lastActiveAt: NOON + 5_000,
  lastSeen: NOON + 6_000,
  availability: "busy",
  statusText: "later",
  epoch: 1,
  version: 10,
};

describe("a status from its two sources", () => {
  it("is unknown when neither has it", () => {
    expect(mergeStatus(bob, undefined, undefined)).toBeUndefined();
  });

  it("is the published one when the row is not newer, with the later activity of both", () => {
    const { conversationIds: _, directoryVersion: __, ...status } = published;
    expect(mergeStatus(bob, published, row)).toEqual({ ...status, lastActiveAt: iso(NOON + 5_000) });
    expect(mergeStatus(bob, published, { ...row, lastActiveAt: NOON - 1 })).toEqual(status);
    expect(mergeStatus(bob, published, { ...row, lastActiveAt: null })).toEqual(status);
    expect(mergeStatus(bob, published, undefined)).toEqual(status);
  });

  it("has the fields of a status and nothing else that was published", () => {
    const given = { ...published, note: "for workers only" };
    const { conversationIds: _, directoryVersion: __, ...status } = published;
    expect(mergeStatus(bob, given, undefined)).toEqual(status);
  });

  it("takes an activity from the row when none was published", () => {
    expect(mergeStatus(bob, { ...published, lastActiveAt: null }, row)?.lastActiveAt).toBe(iso(NOON + 5_000));
  });

  it("does not give an invisible user away by the activity in the row", () => {
    const invisible = { ...row, availability: "invisible" as const };
    expect(mergeStatus(bob, { ...published, isOnline: false }, invisible)?.lastActiveAt).toBe(iso(NOON));
  });

  it("is the row when that is newer, by version or by epoch", () => {
    for (const newer of [{ version: 11 }, { epoch: 2, version: 1 }]) {
      expect(mergeStatus(bob, published, { ...row, ...newer })).toEqual({
        ...bob,
        id: undefined,
        userId: "bob",
        displayName: null,
        statusExpiresAt: null,
        isOnline: false,
        availability: "busy",
        statusText: "later",
        lastActiveAt: iso(NOON + 5_000),
        lastSeen: iso(NOON + 6_000),
        epoch: 1,
        ...newer,
        cause: "disconnect",
        at: iso(NOON + 6_000),
      });
    }
  });

  it("reads an invisible user's row as offline, with nothing to see", () => {
    const read = mergeStatus(bob, undefined, { ...row, isOnline: true, availability: "invisible" });
    expect(read).toMatchObject({ isOnline: false, availability: "available", statusText: null });
  });

  it("gives no time of a transition for a row that was never online", () => {
    expect(mergeStatus(bob, undefined, { ...row, epoch: 0, version: 0 })?.at).toBeNull();
  });
});
