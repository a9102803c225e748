import type { Directory } from "@meeshy/shared/directory";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import { describeBy } from "../../src/io/described.ts";
import type { StaleUser } from "../../src/io/safety-net.ts";

const row = (userId: string): StaleUser => ({
  userId,
  profile: {
    username: userId,
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
    return new Map(id === "ann" ? [["ann", { username: "Ann" }]] : []);
  },
  conversations: async (id: string) => (id === "ann" ? [{ id: "room", title: null }] : []),
} as unknown as Pick<Directory, "users" | "conversations">;

it("stale people are described by the directory; who cannot be read is left out, who is nobody has nothing", async () => {
  const describe = describeBy(directory, createLogger("test", "silent"));
  const described = await describe(["ann", "unread", "nobody"].map(row));
  expect(described).toEqual([
    { userId: "ann", profile: { ...row("ann").profile, username: "Ann", conversationIds: ["room"] } },
    { userId: "nobody", profile: { ...row("nobody").profile, username: null } },
  ]);
});
