import { describe, expect, it } from "vitest";
import { toProfile, withoutStored, withStored } from "../../src/core/profile.ts";

const user = { username: "bob", displayName: "Bob", isAnonymous: false };

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

  it("says that the stored part was not read, with what viewers saw last in its place, until it is", () => {
    const stored = {
      ...{
        availability: "busy" as const,
        statusText: "no",
        availabilityExpiresAt: 5,
        lastActiveAt: 3,
        lastSeen: 4,
      },
    } as const;
    const whole = toProfile({ user, conversationIds: ["a"], stored });
    const unknown = withoutStored(whole, undefined);
    expect(unknown).toMatchObject({
      availability: "available",
      statusText: null,
      lastSeen: null,
      stored: "unknown",
    });
    const asShown = withoutStored(whole, { availability: "dnd", statusText: "hush" });
    expect(asShown).toMatchObject({
      availability: "dnd",
      statusText: "hush",
      lastSeen: null,
      stored: "as-shown",
    });
    expect(withStored(unknown, stored)).toEqual(whole);
    expect(withStored(asShown, undefined)).toEqual(
      toProfile({ user, conversationIds: ["a"], stored: undefined }),
    );
  });
});
