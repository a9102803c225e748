import type { Directory } from "@meeshy/shared/directory";
import type { StaleOnline } from "@meeshy/shared/ports/presence-rows";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import { describeBy } from "../../src/io/described.ts";

const row = (userId: string): StaleOnline => ({
  userId,
  profile: {
    username: userId,
    displayName: null,
    isAnonymous: false,
    conversationIds: [],
    availability: "busy",
    statusText: null,
    availabilityExpiresAt: null,
    lastActiveAt: 1,
    lastSeen: 2,
  },
});
const directory = {
  users: async ([id = ""]: readonly string[]) => {
    if (id === "unread") throw new Error("away");
    return new Map(
      id === "ann" ? [["ann", { username: "ann", displayName: "Ann", isAnonymous: false }]] : [],
    );
  },
  conversations: async (id: string) => (id === "ann" ? [{ id: "room", title: null }] : []),
} as unknown as Pick<Directory, "users" | "conversations">;

it("the directory describes stale people; one who cannot be read is left out, one who is gone has nothing", async () => {
  const describe = describeBy(directory, createLogger("test", "silent"));
  const described = await describe(["ann", "unread", "gone"].map(row));
  expect(described).toEqual([
    { userId: "ann", profile: { ...row("ann").profile, displayName: "Ann", conversationIds: ["room"] } },
    { userId: "gone", profile: { ...row("gone").profile, username: null } },
  ]);
});
