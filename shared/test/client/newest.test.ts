import { hiddenStatus, type StatusMessage } from "@meeshy/shared/status";
import { expect, test } from "vitest";
import { createNewest } from "../../src/client/newest.ts";

const status = (given: Partial<StatusMessage>): StatusMessage => ({
  ...hiddenStatus("alice", "alice"),
  isOnline: true,
  epoch: 1,
  version: 5,
  conversationIds: [],
  directoryVersion: 1,
  ...given,
});

test.each<[string, Partial<StatusMessage>, boolean]>([
  ["a greater version", { version: 6 }, true],
  ["a greater epoch with a smaller version", { epoch: 2, version: 1 }, true],
  ["the same version with more news of the directory", { directoryVersion: 2 }, true],
  ["the same again", {}, false],
  ["a smaller version, whatever its directory version", { version: 4, directoryVersion: 9 }, false],
  ["a smaller epoch", { epoch: 0, version: 99 }, false],
])("%s: newer is %o %s", (_, given, isNewer) => {
  const newest = createNewest();
  expect(newest.take(status({}))).toBe(true);
  expect(newest.take(status(given))).toBe(isNewer);
});

test("a person without a stored status is offline, which is delivered once", () => {
  const newest = createNewest();
  expect(newest.takeAbsence("alice")).toMatchObject({ userId: "alice", isOnline: false, version: 0 });
  expect(newest.takeAbsence("alice")).toBeUndefined();
  expect(newest.take(status({}))).toBe(true);
});

test("a person last delivered as online who is no longer stored is delivered as offline under the same version", () => {
  const newest = createNewest();
  newest.take(status({ statusText: "here", availability: "busy" }));
  expect(newest.takeAbsence("alice")).toMatchObject({
    isOnline: false,
    version: 5,
    statusText: null,
    availability: "available",
  });
  expect(newest.take(status({}))).toBe(false);
  expect(newest.take(status({ version: 6 }))).toBe(true);
});
