import { describe, expect, it } from "vitest";
import { busy, createStory, offline, online } from "./story.ts";

describe("lost and ghosts", () => {
  it("a viewer who receives everything in time has no finding", () => {
    const story = createStory();
    story
      .connect("bob", 1_000)
      .snapshot(1_010)
      .receives(5_050, online("ann", 10))
      .receives(30_040, offline("ann", 20));
    story
      .connect("ann", 5_000)
      .snapshot(5_010, online("bob", 5))
      .active(...busy(5_000))
      .ends(30_000, "left");
    story.history.connections[0]?.activities.push(...busy(1_000));
    expect(story.findings()).toEqual([]);
  });

  it("a dropped connect is a loss", () => {
    const story = createStory();
    story
      .connect("bob", 1_000)
      .snapshot(1_010)
      .active(...busy(1_000));
    story
      .connect("ann", 5_000)
      .snapshot(5_010, online("bob", 5))
      .active(...busy(5_000));
    expect(story.findings()).toMatchObject([{ column: "lost", at: 6_000, about: "ann" }]);
  });

  it("a status that comes a second too late is a loss", () => {
    const story = createStory();
    story.connect("bob", 1_000).snapshot(1_010).receives(6_100, online("ann", 10));
    story.connect("ann", 5_000).active(...busy(5_000));
    expect(story.columns()).toEqual(["lost"]);
  });

  it("a dropped goodbye leaves a ghost", () => {
    const story = createStory();
    story.connect("bob", 1_000).snapshot(1_010).receives(5_050, online("ann", 10));
    story.connect("ann", 5_000).ends(10_000, "left");
    expect(story.findings()).toMatchObject([{ column: "ghosts", at: 11_000, about: "ann" }]);
  });

  it.each([
    ["left", 10_900, 11_100],
    ["closed", 12_900, 13_100],
    ["vanished", 12_900, 13_100],
    ["dropped", 12_900, 13_100],
    ["frozen", 16_400, 16_600],
  ] as const)("who %s at 10 s may be shown until %d ms, not until %d ms", (how, inTime, late) => {
    const story = (at: number) => {
      const story = createStory();
      story
        .connect("bob", 1_000)
        .snapshot(1_010)
        .receives(5_050, online("ann", 10))
        .receives(at, offline("ann", 20));
      story.connect("ann", 5_000).ends(10_000, how);
      return story.columns();
    };
    expect(story(inTime)).toEqual([]);
    expect(story(late)).toEqual(["ghosts"]);
  });

  it("someone long gone who is announced as online is a ghost", () => {
    const story = createStory();
    story
      .connect("bob", 1_000)
      .snapshot(1_010)
      .receives(30_000, online("ann", 10))
      .receives(30_100, offline("ann", 11));
    story.connect("ann", 5_000).ends(5_100, "left");
    expect(story.columns()).toEqual(["ghosts"]);
  });

  it("a snapshot that still holds someone who is gone shows a ghost", () => {
    const story = createStory();
    story.connect("ann", 5_000).ends(10_000, "left");
    story.connect("bob", 20_000).snapshot(20_010, online("ann", 10));
    expect(story.columns()).toEqual(["ghosts"]);
  });

  it("a user with another connection stays online when one is lost", () => {
    const story = createStory();
    story.connect("bob", 1_000).snapshot(1_010).receives(5_050, online("ann", 10));
    story.connect("ann", 5_000).ends(10_000, "left");
    story.connect("ann", 5_000, { client: 2, gateway: 1 }).active(...busy(5_000));
    expect(story.findings()).toEqual([]);
  });

  it("what a frozen or closed socket shows, or one without a snapshot yet, is not judged", () => {
    const story = createStory();
    story.connect("bob", 1_000).snapshot(1_010).receives(5_050, online("ann", 10)).ends(9_000, "frozen");
    story.connect("bob", 9_500, { client: 2 });
    story.connect("ann", 5_000).ends(10_000, "left");
    expect(story.findings()).toEqual([]);
  });

  it("a refused connection never was one", () => {
    const story = createStory();
    story.connect("bob", 1_000).snapshot(1_010);
    const ann = story.connect("ann", 5_000).ends(5_010, "refused");
    ann.connection.authenticatedAt = null;
    expect(story.findings()).toEqual([]);
  });

  it("nor does it count as an activity", () => {
    const story = createStory();
    story
      .connect("bob", 1_000)
      .snapshot(1_010)
      .receives(5_050, online("ann", 10))
      .receives(35_000, offline("ann", 20));
    story.connect("ann", 5_000);
    const refused = story.connect("ann", 20_000, { client: 2 }).ends(20_010, "refused");
    refused.connection.authenticatedAt = null;
    expect(story.columns()).toEqual(["ghosts"]);
  });

  it("an idle user must be offline after the threshold, grace and two seconds, and online again after an activity", () => {
    const shown = (at: number, again: number) => {
      const story = createStory();
      story
        .connect("bob", 1_000)
        .snapshot(1_010)
        .receives(5_050, online("ann", 10))
        .receives(at, offline("ann", 20))
        .receives(again, online("ann", 30));
      story.connect("ann", 5_000).active(...busy(40_000));
      return story.columns();
    };
    expect(shown(28_900, 40_100)).toEqual([]);
    expect(shown(29_100, 40_100)).toEqual(["ghosts"]);
    expect(shown(28_900, 41_100)).toEqual(["lost"]);
  });
});
