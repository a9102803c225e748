import { describe, expect, it } from "vitest";
import { busy, createStory, offline, online } from "./story.ts";

const INJECTED = { injectedAt: 10_000, endedAt: 12_000 };

/** Bob, on gateway 1, has known Ann, on gateway 0, as online since 5.05 s. */
function bobKnowsAnn() {
  const story = createStory();
  const bob = story.connect("bob", 1_000, { gateway: 1 }).snapshot(1_010).receives(5_050, online("ann", 10));
  const ann = story.connect("ann", 5_000);
  return { story, bob, ann };
}

describe("what a fault excuses, and what it does not", () => {
  it.each([
    ["worker", false, 13_900, []],
    ["worker", false, 14_100, ["ghosts"]],
    ["worker", true, 14_900, []],
    ["worker", true, 15_100, ["ghosts"]],
    ["nats", true, 17_900, []],
    ["nats", true, 18_100, ["ghosts"]],
    ["sweeper", false, 11_500, ["ghosts"]],
    ["sweeper", true, 11_500, ["ghosts"]],
    ["database", true, 11_500, ["ghosts"]],
  ] as const)(
    "%s killed (all: %s): a goodbye of then delivered at %d ms: %j",
    (component, all, at, columns) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component, action: "kill", all, targets: all ? [0, 1, 2] : [0], ...INJECTED });
      ann.ends(10_100, "left");
      bob.receives(at, offline("ann", 20));
      expect(story.columns()).toEqual(columns);
    },
  );

  it("a connect of then may be delivered late as well, one of long before or after may not", () => {
    const columns = (at: number, deliveredAt: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      bob.receives(6_050, offline("ann", 11));
      ann.ends(6_000, "left");
      story.fault({ component: "worker", action: "kill", ...INJECTED });
      story.connect("ann", at).active(...busy(at));
      bob.receives(deliveredAt, online("ann", 20));
      return story.columns();
    };
    expect(columns(10_500, 13_900)).toEqual([]);
    expect(columns(10_500, 14_100)).toEqual(["lost"]);
    expect(columns(8_000, 9_100)).toEqual(["lost"]);
    expect(columns(15_000, 16_100)).toEqual(["lost"]);
  });

  it("a fault to come excuses nothing", () => {
    const { story, bob, ann } = bobKnowsAnn();
    ann.ends(6_000, "left");
    story.fault({ component: "nats", action: "kill", ...INJECTED });
    bob.receives(8_000, offline("ann", 20));
    expect(story.columns()).toEqual(["ghosts"]);
  });

  it("without sweepers only what waits for time to pass is held up", () => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "sweeper", action: "stop", targets: [0, 1], all: true, ...INJECTED });
    ann.ends(10_100, "closed");
    bob.receives(18_900, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("one sweeper is enough, unless it is quiet after a stop of its own", () => {
    const columns = (stopped: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({
        component: "sweeper",
        action: "stop",
        targets: [stopped],
        injectedAt: 5_000,
        endedAt: 8_000,
      });
      story.fault({ component: "sweeper", action: "kill", targets: [1], ...INJECTED });
      ann.ends(8_500, "closed");
      bob.receives(14_900, offline("ann", 20));
      return story.columns();
    };
    expect(columns(0)).toEqual([]);
    expect(columns(1)).toEqual(["ghosts"]);
  });

  it("no fault of others declares anyone offline who is there", () => {
    for (const component of ["worker", "sweeper", "nats", "database"] as const) {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component, action: "stop", all: true, ...INJECTED });
      ann.active(...busy(5_000));
      bob.receives(12_500, offline("ann", 20)).receives(12_600, online("ann", 21));
      expect(story.columns()).toEqual(["false offlines"]);
    }
  });

  it("a gateway's users have lease and grace to come back unseen", () => {
    const columns = (back: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "kill", ...INJECTED });
      ann.ends(10_020, "dropped");
      story.connect("ann", back, { gateway: 1 }).active(...busy(back));
      bob.receives(back - 20, offline("ann", 20)).receives(back + 50, online("ann", 21));
      return story.columns();
    };
    expect(columns(11_000)).toEqual(["false offlines"]);
    expect(columns(12_800)).toEqual(["false offlines"]);
    expect(columns(14_500)).toEqual([]);
  });

  it("a dead gateway's users are ghosts after lease, grace and two seconds; after three leases when all died", () => {
    const columns = (all: boolean, at: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "kill", all, ...INJECTED });
      ann.ends(10_020, "dropped");
      bob.receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(false, 15_900)).toEqual([]);
    expect(columns(false, 16_100)).toEqual(["ghosts"]);
    expect(columns(true, 19_900)).toEqual([]);
    expect(columns(true, 20_100)).toEqual(["ghosts"]);
  });

  describe("one of several processes of a gateway was killed", () => {
    const killedPart = () => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "kill", part: true, ...INJECTED });
      return { story, bob, ann };
    };

    it.each([
      ["held by it", 10_020, 15_900, []],
      ["held by it", 10_020, 16_100, ["ghosts"]],
      ["held by another, and lost later", 12_500, 16_100, ["ghosts"]],
    ] as const)("whose socket was %s and closed at %d is gone by %d: %j", (_, closed, at, columns) => {
      const { story, bob, ann } = killedPart();
      ann.active(...busy(5_000)).ends(closed, "dropped");
      bob.receives(at, offline("ann", 20));
      expect(story.columns()).toEqual(columns);
    });

    it.each([
      ["left", 10_200, 10_210],
      ["closed", 10_200, 12_200],
      ["left", 11_500, 11_510],
    ] as const)("whose socket was held by another and %s at %d may be gone at %d", (how, ended, at) => {
      const { story, bob, ann } = killedPart();
      ann.active(...busy(5_000)).ends(ended, how);
      bob.receives(at, offline("ann", 20));
      expect(story.columns()).toEqual([]);
    });

    it("a goodbye that it may have taken with it is owed the time of a death, a later one is not", () => {
      const columns = (left: number) => {
        const { story, bob, ann } = killedPart();
        ann.active(...busy(5_000)).ends(left, "left");
        bob.receives(15_900, offline("ann", 20));
        return story.columns();
      };
      expect(columns(10_200)).toEqual([]);
      expect(columns(10_400)).toEqual(["ghosts"]);
    });

    it("a socket that another process of it holds excuses no false offline, and is owed its statuses", () => {
      const { story, bob, ann } = killedPart();
      ann.active(...busy(5_000));
      bob.receives(14_500, offline("ann", 20));
      expect(story.columns()).toContain("false offlines");
    });
  });

  it("a goodbye that a dying gateway took with it is owed the same time", () => {
    const { story, bob, ann } = bobKnowsAnn();
    ann.ends(9_990, "left");
    story.fault({ component: "gateway", action: "kill", ...INJECTED });
    bob.receives(15_900, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("the death of another gateway excuses nothing", () => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "gateway", action: "kill", targets: [2], ...INJECTED });
    ann.ends(10_100, "left");
    bob.receives(13_000, offline("ann", 20));
    expect(story.columns()).toEqual(["ghosts"]);
  });

  it("users of a gateway that was stopped for longer than its lease may be declared offline, of a shorter one not", () => {
    const columns = (endedAt: number, at: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "stop", injectedAt: 10_000, endedAt });
      ann.active(...busy(5_000));
      bob.receives(at, offline("ann", 20)).receives(at + 500, online("ann", 21));
      return story.columns();
    };
    expect(columns(15_000, 14_500)).toEqual([]);
    expect(columns(15_000, 11_500)).toEqual(["false offlines"]);
    expect(columns(10_800, 14_500)).toEqual(["false offlines"]);
    expect(columns(15_000, 19_000)).toEqual(["false offlines"]);
  });

  it("viewers of a stopped gateway may receive late, those of another may not", () => {
    const columns = (stopped: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({
        component: "gateway",
        action: "stop",
        targets: [stopped],
        injectedAt: 9_000,
        endedAt: 14_000,
      });
      ann.connection.gateway = 2;
      ann.ends(10_000, "left");
      bob.receives(14_100, offline("ann", 20));
      return story.columns();
    };
    expect(columns(1)).toEqual([]);
    expect(columns(0)).toEqual(["ghosts"]);
  });

  it("a change that comes late is not false", () => {
    const columns = (stopped: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({
        component: "gateway",
        action: "stop",
        targets: [stopped],
        injectedAt: 9_000,
        endedAt: 14_000,
      });
      ann.connection.gateway = 2;
      ann.ends(9_500, "left");
      story.connect("ann", 10_000, { gateway: 2 }).active(...busy(10_000));
      bob.receives(14_100, offline("ann", 20)).receives(14_150, online("ann", 21));
      return story.columns();
    };
    expect(columns(1)).toEqual([]);
    expect(columns(0)).toContain("false offlines");
  });

  it("a closed tab is noticed when its gateway runs again", () => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "gateway", action: "stop", injectedAt: 10_000, endedAt: 14_000 });
    ann.ends(10_100, "closed");
    bob.receives(18_900, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("a goodbye that waits at a stopped gateway, or for the broker, may be delivered after a later loss", () => {
    const columns = (component: "gateway" | "nats" | "worker") => {
      const { story, bob, ann } = bobKnowsAnn();
      bob.connection.gateway = 2;
      story.fault({ component, action: "stop", targets: [1], injectedAt: 9_000, endedAt: 11_500 });
      story.connect("ann", 5_000, { client: 2, gateway: 1 }).ends(10_000, "left");
      ann.ends(11_000, "closed");
      bob.receives(11_600, offline("ann", 20));
      return story.columns();
    };
    expect(columns("gateway")).toEqual([]);
    expect(columns("nats")).toEqual([]);
    expect(columns("worker")).toEqual(["false offlines"]);
  });

  it("a stop shorter than the lease takes no user's grace", () => {
    const { story, bob } = bobKnowsAnn();
    story.fault({ component: "gateway", action: "stop", injectedAt: 10_000, endedAt: 10_800 });
    story.connect("ann", 5_000, { client: 2, gateway: 1 }).ends(11_200, "left");
    bob.receives(11_300, offline("ann", 20));
    expect(story.columns()).toContain("false offlines");
  });

  it("what the driver was too slow to receive is no finding", () => {
    const { story, bob, ann } = bobKnowsAnn();
    story.history.stalls.push({ from: 10_000, to: 11_500 });
    ann.ends(10_000, "left");
    bob.receives(11_510, offline("ann", 20));
    expect(story.findings()).toEqual([]);
  });

  it("an activity that a dying gateway took with it may count, or not", () => {
    const columns = (at: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.connect("ann", 5_000, { client: 2, gateway: 1 });
      story.fault({ component: "gateway", action: "kill", injectedAt: 12_100, endedAt: 13_000 });
      ann.active(12_000).ends(12_110, "dropped");
      bob.receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(27_500)).toEqual([]);
    expect(columns(35_500)).toEqual([]);
    expect(columns(36_500)).toEqual(["ghosts"]);
  });

  it("an activity sent to a stopped gateway counts from when that goes on", () => {
    const columns = (at: number, isStopped: boolean) => {
      const { story, bob, ann } = bobKnowsAnn();
      if (isStopped)
        story.fault({ component: "gateway", action: "stop", injectedAt: 12_000, endedAt: 13_000 });
      ann.active(12_100);
      bob.receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(36_000, false)).toEqual([]);
    expect(columns(36_500, false)).toEqual(["ghosts"]);
    expect(columns(38_900, true)).toEqual([]);
    expect(columns(39_100, true)).toEqual(["ghosts"]);
  });
});
