import fc from "fast-check";
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

  it("is the same by definition and by the short ways, whatever the rooms", () => {
    const ids: string[] = ["a", "b", "c", "d", "e", "f"];
    const sockets = fc.uniqueArray(fc.constantFrom(...ids));
    const names = ["one", "two", "watchers", "own", "admins"];
    const anyRooms = fc
      .tuple(...names.map(() => sockets))
      .map((all) => new Map(all.map((members, n) => [names[n] as string, new Set(members)])));
    fc.assert(
      fc.property(anyRooms, fc.subarray(["one", "two"]), sockets, (all, told, blocked) => {
        const isIn = (name: string, id: string) => all.get(name)?.has(id) ?? false;
        const isHearing = (id: string) =>
          told.some((name) => isIn(name, id)) ||
          (isIn("watchers", id) && (isIn("one", id) || isIn("two", id) || isIn("admins", id)));
        const hearers = ids.filter((id) => isHearing(id) && !isIn("own", id));
        const { sharers, admins } = findAudience(all, {
          ...hearing,
          told,
          shared: ["one", "two"],
          isBlocked: (id) => blocked.includes(id),
        });
        expect(admins.sort()).toEqual(hearers.filter((id) => isIn("admins", id)));
        expect(sharers.sort()).toEqual(hearers.filter((id) => !isIn("admins", id) && !blocked.includes(id)));
      }),
    );
  });
});
