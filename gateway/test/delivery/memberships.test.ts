import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { toProfile } from "../../src/core/profile.ts";
import { createMemberships, type MembershipDeps } from "../../src/delivery/memberships.ts";

const memberships = createMemberships({
  feed: { shown: () => ({ directoryVersion: 7 }) },
  largeRooms: { isLarge: () => false },
  snapshots: {},
  logger: createLogger("test", "silent"),
} as unknown as MembershipDeps);

it("what a gateway announces of a connection is who the person is now, with what was stored at connect", () => {
  const ann = { id: "ann", username: "ann", displayName: "Ann", isAnonymous: false };
  const stored = {
    availability: "busy" as const,
    statusText: "in a call",
    availabilityExpiresAt: 5,
    lastActiveAt: 3,
    lastSeen: 4,
  };
  const connection = {
    userId: "ann",
    identity: { user: ann },
    profile: toProfile({ user: ann, conversationIds: ["before"], stored }),
    conversationIds: ["before"],
    left: new Set(),
    blocked: new Set(),
    isReady: false,
    socket: { rooms: new Set(), join() {}, leave() {} },
    directoryVersion: 0,
  } as unknown as ClientConnection;
  const now = { ...connection.identity.user, username: "anna", displayName: "Anna" };
  memberships.take(connection, { user: now, blocked: new Set(), conversationIds: ["after"] });
  expect(connection).toMatchObject({
    profile: toProfile({ user: now, conversationIds: ["after"], stored }),
    conversationIds: ["after"],
    directoryVersion: 7,
  });
});
