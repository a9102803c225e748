import { expect, test } from "vitest";
import { compareVersions, hiddenStatus, newsIn, type StatusMessage, withPersonOf } from "../src/status.ts";
import { userStatusSchema } from "../src/status-schema.ts";

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

const known = { epoch: 1, version: 8, directoryVersion: 5 };

test.each([
  ["a greater version", { version: 9 }, "change", "change", "change"],
  [
    "a greater version of an older directory",
    { version: 9, directoryVersion: 4 },
    "change",
    "change",
    "change",
  ],
  ["a greater epoch", { epoch: 2, version: 1 }, "change", "change", "change"],
  ["the same again", {}, "nothing", "repeat", "nothing"],
  ["the same of a later directory", { directoryVersion: 6 }, "repeat", "repeat", "nothing"],
  ["the same of an earlier directory", { directoryVersion: 4 }, "nothing", "repeat", "nothing"],
  ["a smaller version", { version: 7 }, "nothing", "nothing", "nothing"],
  [
    "a smaller version of a later directory",
    { version: 7, directoryVersion: 6 },
    "person",
    "person",
    "nothing",
  ],
] as const)("%s (%o): %s; read later %s, read earlier %s", (_, given, news, later, earlier) => {
  const status = { ...known, ...given };
  expect([newsIn(status, known), newsIn(status, known, true), newsIn(status, known, false)]).toEqual([
    news,
    later,
    earlier,
  ]);
});

test("news of a person change who they are and where, and nothing of the status", () => {
  const status: StatusMessage = {
    ...{ ...hiddenStatus("alice", "alice"), isOnline: true, version: 8 },
    ...{ conversationIds: ["old"], directoryVersion: 5 },
  };
  const news = { ...hiddenStatus("alice", "alice 2", true), conversationIds: ["new"], directoryVersion: 6 };
  const person = { username: "alice 2", isAnonymous: true, conversationIds: ["new"], directoryVersion: 6 };
  expect(withPersonOf(status, news)).toEqual({ ...status, ...person });
});
