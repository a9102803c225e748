import { describe, expect, it } from "vitest";
import { findAudience, type Hearing } from "../../src/core/audience.ts";

const rooms = new Map(
  Object.entries({
    small: ["viewer", "blocked", "own", "admin"],
    also: ["viewer", "other"],
    large: ["watching", "idle", "admin2", "blocked"],
    watchers: ["watching", "stranger", "viewer", "blocked", "own", "farAdmin"],
    own: ["own"],
    admins: ["admin", "admin2", "farAdmin"],
  }).map(([name, ids]) => [name, new Set(ids)]),
);
const hearing: Hearing = {
  told: ["small", "also", "nowhere"],
  shared: ["small", "also", "large"],
  watchers: "watchers",
  own: "own",
  isBlocked: (socketId) => socketId === "blocked",
  admins: "admins",
};

describe("the audience of a change", () => {
  it("is everyone in the rooms that are told, each socket once, but for the own and the blocked ones", () => {
    const { sharers } = findAudience(rooms, { ...hearing, watchers: "nobody" });
    expect(sharers.sort()).toEqual(["other", "viewer"]);
  });

  it("is whoever watches and shares a room, and not the rest of a room that is not told", () => {
    expect(findAudience(rooms, hearing).sharers.sort()).toEqual(["other", "viewer", "watching"]);
  });

  it("is administrators apart, over any block, who may watch anybody", () => {
    expect(findAudience(rooms, hearing).admins.sort()).toEqual(["admin", "farAdmin"]);
    const { admins, sharers } = findAudience(rooms, { ...hearing, isBlocked: () => true });
    expect(admins.sort()).toEqual(["admin", "farAdmin"]);
    expect(sharers).toEqual([]);
  });

  it("is nobody where there are no rooms", () => {
    expect(findAudience(new Map(), hearing)).toEqual({ sharers: [], admins: [] });
  });
});
