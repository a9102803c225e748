import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import { describe, expect, it } from "vitest";
import {
  isSameView,
  liveRelationTo,
  type Relation,
  readStatus,
  relationTo,
  type Viewer,
  visibleStatus,
} from "../../src/core/visibility.ts";

const status = (isOnline: boolean): UserStatus => ({
  userId: "bob",
  username: "bob",
  displayName: null,
  isAnonymous: false,
  isOnline,
  availability: "busy",
  statusText: "in a meeting",
  statusExpiresAt: null,
  lastActiveAt: "2026-01-01T10:00:00.000Z",
  lastSeen: "2026-01-01T09:00:00.000Z",
  epoch: 1,
  version: 7,
  cause: "connect",
  at: "2026-01-01T10:00:00.000Z",
});
const bob = {
  username: "bob",
  isAnonymous: false,
  isActive: true,
  showOnlineStatus: true,
  showLastSeen: true,
};
const viewer = (over: Partial<Viewer> = {}): Viewer => ({
  id: "alice",
  isAdmin: false,
  conversationIds: new Set(["general"]),
  blocked: new Set(),
  ...over,
});

describe("the relation of a viewer to a person", () => {
  it.each<[string, Viewer, string, string[], Relation]>([
    ["oneself, whatever else", viewer({ blocked: new Set(["alice"]) }), "alice", [], "self"],
    ["an administrator who shares nothing", viewer({ isAdmin: true }), "bob", ["other"], "admin"],
    [
      "an administrator whom the person has blocked",
      viewer({ isAdmin: true, blocked: new Set(["bob"]) }),
      "bob",
      [],
      "admin",
    ],
    ["someone of the same conversation", viewer(), "bob", ["other", "general"], "sharer"],
    ["someone of other conversations", viewer(), "bob", ["other"], "stranger"],
    ["someone without any", viewer(), "bob", [], "stranger"],
    ["a blocked sharer", viewer({ blocked: new Set(["bob"]) }), "bob", ["general"], "blocked"],
    ["a blocked stranger", viewer({ blocked: new Set(["bob"]) }), "bob", ["other"], "stranger"],
  ])("%s", (_, who, userId, conversationIds, relation) => {
    expect(relationTo(who, userId, conversationIds)).toBe(relation);
  });
});

describe("the relation of an open socket to a person", () => {
  it.each<[string, Viewer, string, boolean, Relation]>([
    ["oneself", viewer(), "alice", false, "self"],
    ["an administrator's, who follows them", viewer({ isAdmin: true }), "bob", true, "admin"],
    ["an administrator's, who does not", viewer({ isAdmin: true }), "bob", false, "stranger"],
    ["a sharer's", viewer(), "bob", true, "sharer"],
    ["a blocked sharer's", viewer({ blocked: new Set(["bob"]) }), "bob", true, "blocked"],
    ["a stranger's", viewer(), "bob", false, "stranger"],
  ])("%s", (_, who, userId, follows, relation) => {
    expect(liveRelationTo(who, userId, follows)).toBe(relation);
  });
});

describe("two readings of a person", () => {
  it("look alike when both are hidden, or nothing differs", () => {
    expect(isSameView(hiddenStatus("bob", "bob"), hiddenStatus("bob", null))).toBe(true);
    expect(isSameView(status(true), status(true))).toBe(true);
    expect(isSameView(status(true), { ...status(true), username: "robert" })).toBe(false);
    expect(isSameView(status(true), hiddenStatus("bob", "bob"))).toBe(false);
    expect(isSameView(status(false), hiddenStatus("bob", "bob"))).toBe(false);
  });
});

describe("a status sent live", () => {
  const open = status(true);
  const withoutDates = { ...open, lastActiveAt: null, lastSeen: null };
  it.each<[Relation, Partial<typeof bob>, UserStatus | undefined]>([
    ["self", { showOnlineStatus: false, showLastSeen: false }, open],
    ["admin", { showOnlineStatus: false, showLastSeen: false }, open],
    ["sharer", {}, open],
    ["sharer", { showLastSeen: false }, withoutDates],
    ["sharer", { showOnlineStatus: false }, undefined],
    ["sharer", { isActive: false }, undefined],
    ["admin", { isActive: false }, open],
    ["blocked", {}, undefined],
    ["stranger", {}, undefined],
  ])("to a viewer who is %s, with %o", (relation, preferences, visible) => {
    expect(visibleStatus(relation, { ...bob, ...preferences }, open)).toEqual(visible);
  });

  it("keeps the version of a departure whose dates are hidden, so that viewers accept it", () => {
    expect(visibleStatus("sharer", { ...bob, showLastSeen: false }, status(false))).toMatchObject({
      isOnline: false,
      lastSeen: null,
      version: 7,
    });
  });
});

describe("a status read on request", () => {
  const hidden = hiddenStatus("bob", "bob");
  it.each<[string, Relation, Partial<typeof bob>, UserStatus | undefined, UserStatus]>([
    ["of a sharer", "sharer", {}, status(false), status(false)],
    ["of someone who hides their status", "sharer", { showOnlineStatus: false }, status(true), hidden],
    ["of someone whose account is ended", "sharer", { isActive: false }, status(true), hidden],
    [
      "of an offline person who hides their last seen",
      "sharer",
      { showLastSeen: false },
      status(false),
      hidden,
    ],
    ["of someone blocked", "blocked", {}, status(true), hidden],
    ["of someone who was never online", "sharer", {}, undefined, hidden],
    ["of a stranger", "stranger", {}, status(true), hiddenStatus("bob", null)],
    ["of oneself, hidden from others", "self", { showOnlineStatus: false }, status(true), status(true)],
  ])("%s", (_, relation, preferences, given, read) => {
    expect(readStatus(relation, "bob", { ...bob, ...preferences }, given)).toEqual(read);
  });

  it("reads alike for a stranger, an anonymous one too, and for an unknown user", () => {
    const stranger = readStatus("stranger", "anon_x", { ...bob, isAnonymous: true }, status(true));
    expect(stranger).toEqual(readStatus("stranger", "anon_x", undefined, undefined));
  });
});
