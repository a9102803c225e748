import { expect, it } from "vitest";
import { rankPeople } from "../../demo/rank-people.ts";
import { buildStatus } from "../presence/build-status.ts";

it("puts who is online first, then who is away, then all others, each by name", () => {
  const known = [
    { user: buildStatus("alice"), status: "offline" },
    { user: buildStatus("bob"), status: "away" },
    { user: buildStatus("user 10"), status: "online" },
    { user: buildStatus("user 2"), status: "online" },
    { user: undefined, status: "offline" },
  ] as const;
  const ranked = rankPeople(["alice", "bob", "user 10", "user 2", "erin"], known, "en");
  expect(ranked.map(({ name, status }) => [name, status])).toEqual([
    ["user 2", "online"],
    ["user 10", "online"],
    ["bob", "away"],
    ["alice", "offline"],
    ["erin", "offline"],
  ]);
});

it("shows the display name, else the username, else the id", () => {
  const names = [{ displayName: "Bob B." }, {}, { username: null }].map((part) => {
    const known = [{ user: buildStatus("x1", part), status: "online" } as const];
    return rankPeople(["x1"], known, "en")[0]?.name;
  });
  expect(names).toEqual(["Bob B.", "x1", "x1"]);
});

it("keeps people of the same name in one order, and marks guests", () => {
  const known = (["x2", "x1"] as const).map((id) => ({
    user: buildStatus(id, { displayName: "Sam", isAnonymous: id === "x1" }),
    status: "online" as const,
  }));
  const ranked = rankPeople(["x2", "x1"], known, "en");
  expect(ranked.map(({ userId, isGuest }) => [userId, isGuest])).toEqual([
    ["x1", true],
    ["x2", false],
  ]);
  expect(rankPeople(["x1", "x2"], known.toReversed(), "en")).toEqual(ranked);
});
