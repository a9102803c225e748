import { describe, expect, it } from "vitest";
import { busy, createStory, offline, online } from "./story.ts";

/** Bob has known Ann as online since 5.05 s; `receive` adds what he receives then. */
function bobKnowsAnn() {
  const story = createStory();
  const bob = story.connect("bob", 1_000).snapshot(1_010).receives(5_050, online("ann", 10));
  return { story, bob };
}

describe("false offlines", () => {
  it("a user with a live connection is shown offline", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).active(...busy(5_000));
    bob.receives(20_000, offline("ann", 20)).receives(20_300, online("ann", 21));
    expect(story.findings()).toMatchObject([{ column: "false offlines", at: 20_000, about: "ann" }]);
  });

  it.each([
    ["not of a socket that was dropped since the driver answered no ping", 1_800, []],
    ["after a short stall of the driver as ever", 300, ["false offlines"]],
  ])("%s", (_, stallMs, expected) => {
    const { story, bob } = bobKnowsAnn();
    story.history.stalls.push({ from: 19_000, to: 19_000 + stallMs });
    story
      .connect("ann", 5_000)
      .active(...busy(5_000))
      .ends(20_850, "dropped");
    bob.receives(22_600, offline("ann", 20));
    expect(story.columns()).toEqual(expected);
  });

  it("nor of one that froze before it had answered a ping again", () => {
    const columns = (stallMs: number) => {
      const { story, bob } = bobKnowsAnn();
      story.history.stalls.push({ from: 19_000, to: 19_000 + stallMs });
      story
        .connect("ann", 5_000)
        .active(...busy(5_000))
        .ends(20_850, "frozen");
      bob.receives(23_400, offline("ann", 20));
      return story.columns();
    };
    expect(columns(1_800)).toEqual([]);
    expect(columns(300)).toEqual(["false offlines"]);
  });

  it("so is a user who is missing from a whole snapshot", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).active(...busy(5_000));
    bob.snapshot(20_000).receives(20_300, online("ann", 21));
    expect(story.columns()).toEqual(["false offlines"]);
  });

  it.each([
    ["of one who was active a moment before is", 18_000, ["lost"]],
    ["of one who was idle is not", 23_500, []],
  ])("a client that connects by itself: that %s missed", (_, backAt, expected) => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).active(5_500).ends(6_000, "dropped");
    bob.receives(9_000, offline("ann", 20));
    story.connect("ann", backAt, { isResumed: true }).active(...busy(30_000));
    bob.receives(31_000, online("ann", 30));
    expect(story.columns()).toEqual(expected);
  });

  it("and when it is never corrected, the user counts as lost as well", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).active(...busy(5_000));
    bob.snapshot(20_000);
    expect(story.columns()).toEqual(["lost", "false offlines"]);
  });

  it("a partial snapshot without a user says nothing of them", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).active(...busy(5_000));
    bob.connection.received.push({ at: 20_000, kind: "snapshot", partial: true, users: [] });
    expect(story.findings()).toEqual([]);
    bob.connection.received.splice(1, 1);
    expect(story.columns()).toEqual(["lost"]);
  });

  it.each([
    ["closed", 11_800, ["false offlines"]],
    ["closed", 12_100, []],
    ["vanished", 11_800, ["false offlines"]],
    ["frozen", 13_200, ["false offlines"]],
    ["frozen", 13_500, []],
    ["left", 10_500, []],
  ] as const)("who %s at 10 s and is back at %d ms, shown offline in between: %j", (how, back, columns) => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).ends(10_000, how);
    story.connect("ann", back).active(...busy(back));
    bob.receives(back - 50, offline("ann", 20)).receives(back + 100, online("ann", 21));
    expect(story.columns()).toEqual(columns);
  });

  it("a change may be on its way for a second, not longer", () => {
    const columns = (at: number) => {
      const { story, bob } = bobKnowsAnn();
      story.connect("ann", 5_000).ends(10_000, "left");
      story.connect("ann", 10_500).active(...busy(10_500));
      bob.receives(at, offline("ann", 20)).receives(at + 10, online("ann", 21));
      return story.columns();
    };
    expect(columns(10_900)).toEqual([]);
    expect(columns(11_600)).toContain("false offlines");
  });

  it("a goodbye over the last connection takes the grace of one that was lost before", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).ends(10_000, "closed");
    story.connect("ann", 5_000, { client: 2, gateway: 1 }).ends(10_500, "left");
    bob.receives(10_600, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("so does one that was said just before the loss over another gateway: the two may cross, not later ones", () => {
    const columns = (closedAt: number) => {
      const { story, bob } = bobKnowsAnn();
      story.connect("ann", 5_000, { client: 2, gateway: 1 }).ends(10_000, "left");
      story.connect("ann", 5_000).ends(closedAt, "closed");
      bob.receives(closedAt + 100, offline("ann", 20));
      return story.columns();
    };
    expect(columns(10_200)).toEqual([]);
    expect(columns(10_400)).toEqual(["false offlines"]);
  });

  it("a goodbye while a frozen connection cannot be known to be lost yet leaves its user online", () => {
    const { story, bob } = bobKnowsAnn();
    story.connect("ann", 5_000).ends(10_000, "frozen");
    story.connect("ann", 5_000, { client: 2, gateway: 1 }).ends(10_500, "left");
    bob.receives(10_600, offline("ann", 20));
    expect(story.columns()).toEqual(["false offlines"]);
  });

  it("someone is taken for idle before the threshold is over", () => {
    const columns = (at: number) => {
      const { story, bob } = bobKnowsAnn();
      story.connect("ann", 5_000);
      bob.receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(24_000)).toContain("false offlines");
    expect(columns(27_000)).toEqual([]);
  });
});
