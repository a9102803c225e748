import type { StatusMessage } from "@meeshy/shared/status";
import { describe, expect, it } from "vitest";
import { isPublisher, toOutward, toOutwardDeparture } from "../../src/core/outward.ts";

const AT = "2026-01-01T00:00:00.000Z";
const status: StatusMessage = {
  ...{ userId: "ann", username: "Ann", isAnonymous: false, isOnline: true, availability: "busy" },
  ...{
    statusText: "lunch",
    statusExpiresAt: null,
    displayName: null,
    lastActiveAt: AT,
    lastSeen: AT,
    epoch: 1,
    version: 7,
    cause: "connect",
    at: AT,
  },
  ...{ conversationIds: ["secret"], directoryVersion: 9 },
};
const ann = {
  username: "Ann",
  displayName: null,
  isAnonymous: false,
  isActive: true,
  showOnlineStatus: true,
  showLastSeen: true,
};

describe("what goes out of a status", () => {
  it("has no conversations, and dates as the person shows them", () => {
    expect(toOutward(status, ann)).toEqual({
      ...status,
      version: 9,
      conversationIds: [],
      directoryVersion: 0,
    });
    const hidden = toOutward(status, { ...ann, showLastSeen: false });
    expect(hidden).toMatchObject({ isOnline: true, lastActiveAt: null, lastSeen: null });
  });

  it("is nothing of a person who hides, is disabled or unknown", () => {
    expect(toOutward(status, { ...ann, showOnlineStatus: false })).toBeUndefined();
    expect(toOutward(status, { ...ann, isActive: false })).toBeUndefined();
    expect(toOutward(status, undefined)).toBeUndefined();
    expect(toOutward(undefined, ann)).toBeUndefined();
  });

  it("is a departure without name, text and dates when a person hides, newer than what went out before", () => {
    const departure = toOutwardDeparture(status);
    expect(departure).toMatchObject({
      isOnline: false,
      username: null,
      statusText: null,
      statusExpiresAt: null,
      lastSeen: null,
      at: null,
    });
    expect(departure.version).toBeGreaterThanOrEqual(toOutward(status, ann)?.version ?? 0);
  });
});

describe("the gateway that publishes", () => {
  const ids = ["gw-a", "gw-b", "gw-c", "gw-d", "gw-e"];
  const of = (partition: number, among: string[]) => among.filter((id) => isPublisher(id, among, partition));

  it("is one for each partition, spread over all", () => {
    const all = Array.from({ length: 64 }, (_, partition) => of(partition, ids));
    expect(all.every((publishers) => publishers.length === 1)).toBe(true);
    expect(new Set(all.flat()).size).toBe(ids.length);
    expect(of(3, ["gw-a"])).toEqual(["gw-a"]);
  });

  it("stays the same when another one dies", () => {
    for (let partition = 0; partition < 64; partition++) {
      const [publisher = ""] = of(partition, ids);
      const another = ids.find((id) => id !== publisher);
      expect(
        of(
          partition,
          ids.filter((id) => id !== another),
        ),
      ).toEqual([publisher]);
    }
  });
});
