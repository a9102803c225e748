import { describe, expect, it } from "vitest";
import { toProfile } from "../../src/core/profile.ts";

const user = { username: "bob", isAnonymous: false };

describe("a profile", () => {
  it("carries what is stored", () => {
    const stored = {
      availability: "dnd",
      statusText: "no",
      availabilityExpiresAt: 5,
      lastActiveAt: 3,
      lastSeen: 4,
    } as const;
    expect(toProfile({ user, conversationIds: ["a"], stored })).toEqual({
      ...user,
      ...stored,
      conversationIds: ["a"],
    });
  });

  it("does without what is stored", () => {
    expect(toProfile({ user, conversationIds: [], stored: undefined })).toEqual({
      ...user,
      conversationIds: [],
      availability: "available",
      statusText: null,
      availabilityExpiresAt: null,
      lastActiveAt: null,
      lastSeen: null,
    });
  });
});
