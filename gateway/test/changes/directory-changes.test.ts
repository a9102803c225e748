import type { Profile, UserEvent } from "@meeshy/shared/events";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
import { createDirectoryChanges } from "../../src/changes/directory-changes.ts";

const profile = (conversationIds: string[], lastActiveAt = 0): Profile => ({
  username: "ann",
  isAnonymous: false,
  conversationIds,
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  lastActiveAt,
  lastSeen: null,
});

/** Announces a person whom the directory describes so, reading after reading; gives what was written. */
async function announce(readings: (Profile | undefined)[]): Promise<string[][]> {
  const written: string[][] = [];
  const changes = createDirectoryChanges({
    clock: systemClock,
    publishUnnumbered: async (_, event: UserEvent) =>
      written.push("profile" in event ? event.profile.conversationIds : []),
    applied: { wait: async () => {} },
    feed: { shown: () => undefined },
    directory: { readProfile: async () => readings.shift(), forgetPerson() {} },
    logger: createLogger("test", "silent"),
  });
  await changes.announce("ann");
  return written;
}

it("the writer of a change reads once more, and writes again what another has changed meanwhile", async () => {
  const [before, after] = [profile(["a"]), profile(["a", "b"])];
  expect(await announce([before, after, after])).toEqual([["a"], ["a", "b"]]);
});

it("the writer of a change reads once more, and writes again a name that another has changed meanwhile", async () => {
  const before: Profile = { ...profile([]), displayName: "Ann" };
  const after: Profile = { ...before, displayName: "Anna" };
  expect(await announce([before, after, after])).toEqual([[], []]);
});

it("what moves all the time is no reason to write again", async () => {
  expect(await announce([profile(["a"]), profile(["a"], 1_000)])).toEqual([["a"]]);
});

it("nothing is written of an unknown user who was never shown", async () => {
  expect(await announce([undefined])).toEqual([]);
});

it("announcements that come while a publication waits for its next attempt share it", async () => {
  let attempts = 0;
  const changes = createDirectoryChanges({
    clock: systemClock,
    publishUnnumbered: async () => {
      attempts++;
      if (attempts === 1) throw new Error("the log is away");
      return 1;
    },
    applied: { wait: async () => {} },
    feed: { shown: () => undefined },
    directory: { readProfile: async () => profile(["a"]), forgetPerson() {} },
    logger: createLogger("test", "silent"),
  });
  const first = changes.announce("ann");
  await eventually(() => attempts === 1);
  await Promise.all([first, ...Array.from({ length: 50 }, () => changes.announce("ann"))]);
  expect(attempts).toBe(2);
});
