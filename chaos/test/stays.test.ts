import { describe, expect, it } from "vitest";
import { busy, createStory, offline, online } from "./story.ts";

/** Bob sees Ann, who has no socket, online from `from` to `to`. */
function bobSeesAnn(from: number, to?: number) {
  const story = createStory();
  const bob = story
    .connect("bob", 1_000)
    .snapshot(1_010)
    .active(...busy(1_000));
  bob.receives(from, online("ann", 10));
  if (to !== undefined) bob.receives(to, offline("ann", 20));
  return { story, bob };
}

describe("people without a socket", () => {
  it("a session keeps its user online until it ends by itself, and two seconds longer at most", () => {
    const columns = (to?: number) => {
      const { story } = bobSeesAnn(5_100, to);
      story.session("ann", 5_000);
      return story.columns();
    };
    expect(columns(35_100)).toEqual([]);
    expect(columns(36_900)).toEqual([]);
    expect(columns(37_100)).toEqual(["ghosts"]);
    expect(columns()).toEqual(["ghosts"]);
    expect(columns(30_000)).toContain("false offlines");
  });

  it("a session that was ended and stays is a ghost", () => {
    const columns = (to?: number) => {
      const { story } = bobSeesAnn(5_100, to);
      story.session("ann", 5_000);
      story.session("ann", 10_000, { value: null, lastsMs: null });
      return story.columns();
    };
    expect(columns(10_900)).toEqual([]);
    expect(columns(11_100)).toEqual(["ghosts"]);
    expect(columns()).toEqual(["ghosts"]);
  });

  it("a session that shows no one online is a loss", () => {
    const story = createStory();
    story
      .connect("bob", 1_000)
      .snapshot(1_010)
      .active(...busy(1_000));
    story.session("ann", 5_000);
    expect(story.findings()).toMatchObject([{ column: "lost", at: 6_000, about: "ann" }]);
  });

  it("one that is renewed goes on from then", () => {
    const columns = (to?: number) => {
      const { story } = bobSeesAnn(5_100, to);
      story.session("ann", 5_000);
      story.session("ann", 25_000);
      return story.columns();
    };
    expect(columns(40_000)).toContain("false offlines");
    expect(columns(55_100)).toEqual([]);
    expect(columns()).toEqual(["ghosts"]);
  });

  it("one that keeps no one online ends for who is idle, renewed or not; the opening was a sign of life", () => {
    const columns = (to?: number) => {
      const { story } = bobSeesAnn(5_100, to);
      story.session("ann", 5_000, { value: { keepOnline: false } });
      story.session("ann", 20_000, { value: { keepOnline: false } });
      return story.columns();
    };
    expect(columns(20_000)).toContain("false offlines");
    expect(columns(28_900)).toEqual([]);
    expect(columns(29_200)).toEqual(["ghosts"]);
  });

  it("of an order without an answer nothing is known", () => {
    const columns = (isAnswered: boolean, to?: number) => {
      const { story } = bobSeesAnn(5_100, to);
      story.session("ann", 5_000);
      story.session("ann", 20_000, { value: null, lastsMs: null, isAnswered });
      return story.columns();
    };
    expect(columns(false, 20_100)).toEqual([]);
    expect(columns(false, 35_100)).toEqual([]);
    expect(columns(false)).toEqual(["ghosts"]);
    expect(columns(true, 35_100)).toEqual(["ghosts"]);
  });

  it("the end of a session leaves no grace to a connection that was lost meanwhile", () => {
    const { story, bob } = bobSeesAnn(5_100);
    story.connect("ann", 5_000).ends(10_000, "closed");
    story.session("ann", 6_000);
    story.session("ann", 10_500, { value: null, lastsMs: null });
    bob.receives(10_600, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("a lost connection takes no one along whom a session keeps", () => {
    const { story, bob } = bobSeesAnn(5_100);
    story.connect("ann", 5_000).ends(10_000, "closed");
    story.session("ann", 6_000);
    bob.receives(13_000, offline("ann", 20)).receives(36_900, offline("ann", 21));
    expect(story.columns()).toEqual(["lost", "false offlines"]);
  });

  it("a process of the release before may have lost a session", () => {
    const { story, bob } = bobSeesAnn(5_100);
    story.session("ann", 5_000);
    const killed = { component: "worker", action: "kill" } as const;
    story.fault({ name: "older:worker", ...killed, injectedAt: 10_000, endedAt: 11_000 });
    story.fault({ name: "newer:worker", ...killed, injectedAt: 15_000, endedAt: 16_000 });
    bob.receives(14_000, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });
});
