import { expect, test } from "vitest";
import { compareVersions, hiddenStatus, userStatusSchema } from "../src/status.ts";

test("a newer status has the greater epoch, then the greater version", () => {
  expect(compareVersions({ epoch: 2, version: 1 }, { epoch: 1, version: 99 })).toBeGreaterThan(0);
  expect(compareVersions({ epoch: 1, version: 7 }, { epoch: 1, version: 8 })).toBeLessThan(0);
  expect(compareVersions({ epoch: 1, version: 8 }, { epoch: 1, version: 8 })).toBe(0);
});

test("a hidden person reads as offline, without dates, older than any status", () => {
  const hidden = hiddenStatus("alice", null);
  expect(userStatusSchema.parse(hidden)).toEqual(hidden);
  expect(hidden).toMatchObject({
    isOnline: false,
    version: 0,
    at: null,
    cause: "disconnect",
    lastSeen: null,
  });
  expect(compareVersions(hidden, { epoch: 0, version: 1 })).toBeLessThan(0);
});
