import type { Profile, UserEvent } from "@meeshy/shared/events";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import { createDirectoryChanges } from "../../src/people/directory-changes.ts";

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

/** Announces somebody whom the directory describes so, reading after reading; gives what was written. */
async function announce(readings: (Profile | undefined)[]): Promise<string[][]> {
  const written: string[][] = [];
  const changes = createDirectoryChanges({
    readPerson: async () => readings.shift(),
    order: async (_, event: UserEvent) =>
      written.push("profile" in event ? event.profile.conversationIds : []),
    applied: { wait: async () => {}, note() {} },
    feed: { shown: () => undefined },
    directory: { forgetPerson() {} },
    logger: createLogger("test", "silent"),
  });
  await changes.announce("ann");
  return written;
}

it("whoever has written a change reads once more, and writes again what another has changed meanwhile", async () => {
  const [before, after] = [profile(["a"]), profile(["a", "b"])];
  expect(await announce([before, after, after])).toEqual([["a"], ["a", "b"]]);
});

it("what moves all the time is no reason to write again", async () => {
  expect(await announce([profile(["a"]), profile(["a"], 1_000)])).toEqual([["a"]]);
});

it("nothing is written of nobody, of whom nothing was shown either", async () => {
  expect(await announce([undefined])).toEqual([]);
});
