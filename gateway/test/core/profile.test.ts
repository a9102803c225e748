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

  it("stays within the size of an event, whatever the conversations are called", () => {
    for (const char of ["a", "é", '"', "\u0001", "🙂"]) {
      const ids = Array.from({ length: 20_000 }, (_, n) => `${n}-${char.repeat(30)}`);
      const profile = toProfile({ user, conversationIds: ids, stored: undefined });
      const bytes = Buffer.byteLength(JSON.stringify(profile));
      expect(bytes).toBeLessThan(200 * 1024);
      expect(bytes).toBeGreaterThan(190 * 1024);
    }
  });
});
