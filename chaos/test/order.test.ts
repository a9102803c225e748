import { describe, expect, it } from "vitest";
import { busy, createStory, offline, online } from "./story.ts";

function annIsThere() {
  const story = createStory();
  story.connect("ann", 1_000).active(...busy(1_000));
  return story;
}

describe("versions", () => {
  it("a stale version emitted is out of order", () => {
    const story = annIsThere();
    const bob = story.connect("bob", 2_000).snapshot(2_010, online("ann", 10));
    bob.receives(3_000, online("ann", 20)).receives(4_000, online("ann", 15));
    expect(story.columns()).toEqual(["out of order"]);
  });

  it("an older epoch is older, however great its version", () => {
    const story = annIsThere();
    const bob = story.connect("bob", 2_000).snapshot(2_010, online("ann", 10));
    bob.receives(3_000, { ...online("ann", 1), epoch: 2 }).receives(4_000, online("ann", 99));
    expect(story.columns()).toEqual(["out of order"]);
  });

  it("the same version twice is visible twice", () => {
    const story = annIsThere();
    const bob = story.connect("bob", 2_000).snapshot(2_010, online("ann", 10));
    bob.receives(3_000, online("ann", 20)).receives(4_000, online("ann", 20));
    expect(story.columns()).toEqual(["visible twice"]);
  });

  it("the same version on another socket, or in a snapshot, is none twice", () => {
    const story = annIsThere();
    const first = story
      .connect("bob", 2_000)
      .snapshot(2_010, online("ann", 10))
      .receives(3_000, online("ann", 20));
    first.snapshot(5_000, online("ann", 20)).ends(6_000, "closed");
    story.connect("bob", 7_000).snapshot(7_010, online("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("a client that comes back receives no older version", () => {
    const story = annIsThere();
    story
      .connect("bob", 2_000)
      .snapshot(2_010, online("ann", 10))
      .receives(3_000, online("ann", 20))
      .ends(6_000, "closed");
    story.connect("bob", 7_000, { gateway: 1 }).snapshot(7_010, online("ann", 10));
    expect(story.columns()).toEqual(["versions down"]);
  });

  it("a status is no older than the snapshot before it", () => {
    const story = annIsThere();
    story.connect("bob", 2_000).snapshot(2_010, online("ann", 10)).receives(3_000, online("ann", 9));
    expect(story.columns()).toEqual(["versions down"]);
  });

  it("another client of the same person has a memory of its own", () => {
    const story = annIsThere();
    story.connect("bob", 2_000, { client: 1 }).snapshot(2_010, online("ann", 20));
    story.connect("bob", 2_500, { client: 2 }).snapshot(2_510, online("ann", 10));
    expect(story.findings()).toEqual([]);
  });

  it("a row of the database never goes back", () => {
    const story = annIsThere();
    story.history.reads.push(
      { at: 1_000, rows: [online("ann", 20)] },
      { at: 2_000, rows: [offline("ann", 30)] },
    );
    expect(story.findings()).toEqual([]);
    story.history.reads.push({ at: 3_000, rows: [offline("ann", 20)] });
    expect(story.findings()).toMatchObject([{ column: "versions down", at: 3_000, about: "ann" }]);
  });
});

describe("strangers", () => {
  it("a status of a stranger is a leak", () => {
    const story = annIsThere();
    story.connect("eve", 2_000).snapshot(2_010).receives(3_000, online("ann", 10));
    expect(story.columns()).toEqual(["strangers"]);
  });

  it("so is one in a snapshot, offline or not", () => {
    const story = annIsThere();
    story.connect("eve", 2_000).snapshot(2_010, offline("bob", 10));
    expect(story.findings()).toMatchObject([{ column: "strangers", about: "bob" }]);
  });

  it("oneself is none", () => {
    const story = annIsThere();
    story.connect("eve", 2_000).snapshot(2_010, online("eve", 10));
    expect(story.findings()).toEqual([]);
  });
});

describe("messages", () => {
  const sent = { id: "m1", conversationId: "room", gateway: 0, sentAt: 10_000, ackedAt: 10_020 };

  it("an acknowledged message reaches every member who is there", () => {
    const story = annIsThere();
    const bob = story.connect("bob", 2_000, { gateway: 1 }).snapshot(2_010, online("ann", 10));
    story.history.connections[0]?.received.push({ at: 10_030, kind: "message", id: "m1" });
    story.history.connections[0]?.received.unshift({
      at: 1_010,
      kind: "snapshot",
      partial: false,
      users: [],
    });
    story.history.connections[0]?.received.push({ at: 2_050, kind: "status", ...online("bob", 11) });
    story.history.messages.push(sent);
    bob.active(...busy(2_000));
    expect(story.findings()).toMatchObject([{ column: "lost", at: 10_000 }]);
    bob.message(10_040, "m1");
    expect(story.findings()).toEqual([]);
  });

  it("who comes, leaves or freezes meanwhile is owed none", () => {
    const story = createStory();
    story.connect("bob", 2_000).snapshot(2_010).ends(10_500, "frozen");
    story.connect("bob", 10_010, { client: 2 }).snapshot(10_015);
    story.history.messages.push(sent);
    expect(story.findings()).toEqual([]);
  });
});
