import { describe, expect, it } from "vitest";
import { differencesOf, newestShown } from "../oracle/rules/reads.ts";
import { busy, createStory, offline, online } from "./story.ts";

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
  story.connect("bob", 1_000).snapshot(1_010, online("ann", 30)).receives(2_000, offline("ann", 20));
  story.connect("bob", 3_000, { client: 2 }).snapshot(3_010, online("ann", 10));
  expect(newestShown(story.history).get("ann")?.version).toBe(30);
});

describe("rows", () => {
  /** Ann is there from 5 s to 30 s; her row is read at `at`. */
  const columns = (at: number, row: typeof online, outage?: { injectedAt: number; endedAt: number }) => {
    const story = createStory();
    story
      .connect("ann", 5_000)
      .active(...busy(5_000))
      .ends(30_000, "left");
    if (outage) story.fault({ component: "database", action: "kill", all: true, ...outage });
    story.history.reads.push({ at, rows: [row("ann", 10)] });
    return story.columns();
  };

  it("follow the status within two seconds", () => {
    expect(columns(7_900, offline)).toEqual([]);
    expect(columns(8_100, offline)).toEqual(["lost"]);
    expect(columns(8_100, online)).toEqual([]);
    expect(columns(32_900, online)).toEqual([]);
    expect(columns(33_100, online)).toEqual(["lost"]);
  });

  it("have half a minute to catch up when the database was away, and no longer", () => {
    expect(columns(20_000, offline, { injectedAt: 4_000, endedAt: 6_000 })).toEqual([]);
    expect(columns(20_000, offline, { injectedAt: -12_000, endedAt: -10_100 })).toEqual(["lost"]);
  });
});
