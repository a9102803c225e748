import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AudienceQuery, findAudience } from "../../src/core/audience.ts";

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
const query: AudienceQuery = {
  receiving: ["small", "also", "nowhere"],
  shared: ["small", "also", "large"],
  watchers: "watchers",
  own: "own",
  isBlocked: (socketId) => socketId === "blocked",
  admins: "admins",
};

describe("the audience of a change", () => {
  it("is everyone in the receiving rooms, each socket once, but for the own and the blocked ones", () => {
    const { sharers } = findAudience(rooms, { ...query, watchers: "none" });
    expect(sharers.sort()).toEqual(["other", "viewer"]);
  });

  it("is who watches and shares a room, and not the rest of a room that does not receive", () => {
    expect(findAudience(rooms, query).sharers.sort()).toEqual(["other", "viewer", "watching"]);
  });

  it("is administrators apart, over any block, who may watch any person", () => {
    expect(findAudience(rooms, query).admins.sort()).toEqual(["admin", "farAdmin"]);
    const { admins, sharers } = findAudience(rooms, { ...query, isBlocked: () => true });
    expect(admins.sort()).toEqual(["admin", "farAdmin"]);
    expect(sharers).toEqual([]);
  });

  it("is empty where there are no rooms", () => {
    expect(findAudience(new Map(), query)).toEqual({ sharers: [], admins: [] });
  });

  it("is the same by definition and by the short ways, whatever the rooms", () => {
    const ids: string[] = ["a", "b", "c", "d", "e", "f"];
    const sockets = fc.uniqueArray(fc.constantFrom(...ids));
    const names = ["one", "two", "watchers", "own", "admins"];
    const anyRooms = fc
      .tuple(...names.map(() => sockets))
      .map((all) => new Map(all.map((members, n) => [names[n] as string, new Set(members)])));
    fc.assert(
      fc.property(anyRooms, fc.subarray(["one", "two"]), sockets, (all, receiving, blocked) => {
        const isIn = (name: string, id: string) => all.get(name)?.has(id) ?? false;
        const isReceiving = (id: string) =>
          receiving.some((name) => isIn(name, id)) ||
          (isIn("watchers", id) && (isIn("one", id) || isIn("two", id) || isIn("admins", id)));
        const receivers = ids.filter((id) => isReceiving(id) && !isIn("own", id));
        const { sharers, admins } = findAudience(all, {
          ...query,
          receiving,
          shared: ["one", "two"],
          isBlocked: (id) => blocked.includes(id),
        });
        expect(admins.sort()).toEqual(receivers.filter((id) => isIn("admins", id)));
        expect(sharers.sort()).toEqual(
          receivers.filter((id) => !isIn("admins", id) && !blocked.includes(id)),
        );
      }),
    );
  });
});
