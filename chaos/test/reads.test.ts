import { expect, it } from "vitest";
import { differencesOf, newestShown } from "../oracle/rules/reads.ts";
import { createStory, offline, online } from "./story.ts";

it("a row that is right and as new as anything shown is no difference", () => {
  const truth = new Map([["ann", true]]);
  const shown = new Map([["ann", online("ann", 10)]]);
  expect(differencesOf({ at: 0, rows: [online("ann", 10)] }, truth, shown)).toEqual([]);
});

it.each([
  ["says the wrong thing", [offline("ann", 10)]],
  ["is older than what was shown", [online("ann", 9)]],
  ["is missing", []],
])("a row that %s is a difference", (_, rows) => {
  const truth = new Map([["ann", true]]);
  const shown = new Map([["ann", online("ann", 10)]]);
  expect(differencesOf({ at: 0, rows }, truth, shown)).toHaveLength(1);
});

it("the newest shown is the newest of all sockets, statuses and snapshots", () => {
  const story = createStory();
  story.connect("bob", 1_000).snapshot(1_010, online("ann", 30)).told(2_000, offline("ann", 20));
  story.connect("bob", 3_000, { client: 2 }).snapshot(3_010, online("ann", 10));
  expect(newestShown(story.history).get("ann")?.version).toBe(30);
});
