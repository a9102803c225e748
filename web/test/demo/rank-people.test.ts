import { expect, it } from "vitest";
import { rankPeople } from "../../demo/rank-people.ts";
import { buildStatus } from "../presence/build-status.ts";

const NOW = Date.parse("2026-01-01T12:10:00.000Z");

it("puts who is online first, then who is away, then all others, each by name", () => {
  const known = [
    buildStatus("alice", { isOnline: false, lastActiveAt: null }),
    buildStatus("bob", { isOnline: false }),
    buildStatus("dave"),
    buildStatus("carol"),
    undefined,
  ];
  const members = ["alice", "bob", "dave", "carol", "erin"].map((id) => buildStatus(id));
  expect(rankPeople(members, known, NOW, true).map(({ name, status }) => [name, status])).toEqual([
    ["carol", "online"],
    ["dave", "online"],
    ["bob", "away"],
    ["alice", "offline"],
    ["erin", "offline"],
  ]);
});

it("calls a person without a name by their id", () => {
  expect(rankPeople([buildStatus("x1", { username: null })], [undefined], NOW, true)[0]?.name).toBe("x1");
});
