import { describe, expect, it } from "vitest";
import { withWrongPassword } from "../stack/link-state.ts";
import { busy, createStory, offline, online } from "./story.ts";

const CUT = { injectedAt: 10_000, endedAt: 14_500 };
const AWAY = ["cut", "freeze", "freeze-in", "freeze-out", "refuse", "narrow"] as const;

/** Bob, on gateway 1, has known Ann, on gateway 0, as online since 5.05 s. */
function bobKnowsAnn() {
  const story = createStory();
  const bob = story.connect("bob", 1_000, { gateway: 1 }).snapshot(1_010).receives(5_050, online("ann", 10));
  const ann = story.connect("ann", 5_000);
  return { story, bob, ann };
}

describe("what a fault of one link excuses, and what it does not", () => {
  it.each(AWAY)(
    "a goodbye to a gateway whose link is away (%s) waits until the link is back, and no longer",
    (action) => {
      const columns = (at: number, gateway: number) => {
        const { story, bob, ann } = bobKnowsAnn();
        ann.connection.gateway = gateway;
        story.fault({ component: "gateway", action, ...CUT });
        ann.ends(10_100, "left");
        bob.receives(at, offline("ann", 20));
        return story.columns();
      };
      expect(columns(18_400, 0)).toEqual([]);
      expect(columns(18_600, 0)).toEqual(["ghosts"]);
      expect(columns(11_200, 2)).toEqual(["ghosts"]);
    },
  );

  it.each(AWAY)(
    "users of a gateway whose link is away (%s) may be declared offline after half its lease and the grace",
    (action) => {
      const columns = (at: number) => {
        const { story, bob, ann } = bobKnowsAnn();
        story.fault({ component: "gateway", action, ...CUT });
        ann.active(...busy(5_000));
        bob.receives(at, offline("ann", 20)).receives(at + 400, online("ann", 21));
        return story.columns();
      };
      expect(columns(12_500)).toEqual(["false offlines"]);
      expect(columns(14_000)).toEqual([]);
      expect(columns(18_600)).toEqual(["false offlines"]);
    },
  );

  it("users of a gateway whose link was away only for a moment may not", () => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "gateway", action: "cut", injectedAt: 10_000, endedAt: 10_800 });
    ann.active(...busy(5_000));
    bob.receives(13_500, offline("ann", 20)).receives(13_900, online("ann", 21));
    expect(story.columns()).toEqual(["false offlines"]);
  });

  it("who left such a gateway without a goodbye before it could announce them is owed no grace from then on", () => {
    const columns = (closedAt: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "cut", ...CUT });
      ann.active(...busy(5_000)).ends(closedAt, "closed");
      bob.receives(14_000, offline("ann", 20)).snapshot(18_700);
      return story.columns();
    };
    expect(columns(17_000)).toEqual([]);
    expect(columns(17_900)).toEqual(["false offlines"]);
  });

  it("viewers of a gateway whose link is away have a fresh view five seconds after it is back", () => {
    const columns = (at: number, gateway: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      bob.connection.gateway = gateway;
      ann.connection.gateway = 2;
      story.fault({ component: "gateway", action: "freeze", targets: [1], ...CUT });
      ann.ends(10_100, "left");
      bob.receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(20_400, 1)).toEqual([]);
    expect(columns(20_600, 1)).toEqual(["ghosts"]);
    expect(columns(11_200, 0)).toEqual(["ghosts"]);
  });

  it.each([
    ["cut", 13_400, 13_600],
    ["freeze", 13_400, 13_600],
    ["freeze-out", 13_400, 13_600],
    ["refuse", 13_400, 13_600],
    ["freeze-in", 23_900, 24_100],
    ["slow", 23_900, 24_100],
    ["narrow", 23_900, 24_100],
  ] as const)(
    "the partitions of a worker are another's after the lease (%s), or are still its own",
    (action, inTime, late) => {
      const columns = (at: number) => {
        const { story, bob, ann } = bobKnowsAnn();
        story.fault({ component: "worker", action, delayMs: 1_000, injectedAt: 10_500, endedAt: 20_000 });
        ann.ends(10_600, "left");
        bob.receives(at, offline("ann", 20));
        return story.columns();
      };
      expect(columns(inTime)).toEqual([]);
      expect(columns(late)).toEqual(["ghosts"]);
    },
  );

  it("one sweeper is enough while the other's link is away", () => {
    const columns = (targets: number[]) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "sweeper", action: "freeze", targets, ...CUT });
      ann.ends(11_000, "closed");
      bob.receives(16_000, offline("ann", 20));
      return story.columns();
    };
    expect(columns([0])).toEqual(["ghosts"]);
    expect(columns([0, 1])).toEqual([]);
  });

  it("no fault of a worker's or a sweeper's link, nor of the store, declares anyone offline who is there", () => {
    for (const [component, action] of [
      ["worker", "freeze-in"],
      ["sweeper", "freeze"],
      ["nats", "fill"],
    ] as const) {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component, action, all: component === "nats", ...CUT });
      ann.active(...busy(5_000));
      bob.receives(13_000, offline("ann", 20)).receives(13_100, online("ann", 21));
      expect(story.columns()).toEqual(["false offlines"]);
    }
  });
});

describe("a gateway whose answers come late", () => {
  it.each([
    [500, 11_900, []],
    [500, 12_200, ["ghosts"]],
    [1_000, 12_900, []],
    [1_000, 13_200, ["ghosts"]],
  ] as const)("by %d ms: a goodbye delivered at %d ms: %j", (delayMs, at, columns) => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "gateway", action: "slow", delayMs, ...CUT });
    ann.ends(10_100, "left");
    bob.receives(at, offline("ann", 20));
    expect(story.columns()).toEqual(columns);
  });

  it("by less than its lease leaves room for is not lost; by more it may be", () => {
    const columns = (delayMs: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      story.fault({ component: "gateway", action: "slow", delayMs, ...CUT });
      ann.active(...busy(5_000));
      bob.receives(14_000, offline("ann", 20)).receives(14_400, online("ann", 21));
      return story.columns();
    };
    expect(columns(1_000)).toEqual(["false offlines"]);
    expect(columns(1_400)).toEqual([]);
  });
});

it.each(["freeze-in", "stop"] as const)(
  "a connect counts from some moment between its beginning and its acknowledgement: %s",
  (action) => {
    const columns = (at: number) => {
      const { story, bob, ann } = bobKnowsAnn();
      bob.receives(6_050, offline("ann", 11));
      ann.ends(6_000, "left");
      story.fault({ component: "gateway", action, ...CUT });
      const late = story.connect("ann", 15_000);
      late.connection.openedAt = 10_500;
      bob.receives(15_100, online("ann", 12)).receives(at, offline("ann", 20));
      return story.columns();
    };
    expect(columns(32_500)).toEqual([]);
    expect(columns(30_200)).toContain("false offlines");
  },
);

it("a connect that waits for the database before it is written counts until it was acknowledged", () => {
  const columns = (at: number) => {
    const { story, bob, ann } = bobKnowsAnn();
    bob.receives(6_050, offline("ann", 11));
    ann.ends(6_000, "left");
    const late = story.connect("ann", 15_000);
    late.connection.openedAt = 10_500;
    bob.receives(15_100, online("ann", 12)).receives(at, offline("ann", 20));
    return story.columns();
  };
  expect(columns(38_500)).toEqual([]);
  expect(columns(39_500)).toEqual(["ghosts"]);
});

it("a connect that is not in the log yet keeps no former connection's user online", () => {
  const { story, bob, ann } = bobKnowsAnn();
  story.fault({
    component: "gateway",
    action: "freeze-out",
    targets: [2],
    injectedAt: 28_000,
    endedAt: 32_500,
  });
  bob.receives(26_000, offline("ann", 11)).snapshot(31_200).receives(32_600, online("ann", 12));
  ann.ends(29_500, "closed");
  const late = story.connect("ann", 32_550, { client: 2, gateway: 2 });
  late.active(...busy(33_000)).connection.openedAt = 30_000;
  expect(story.columns()).toEqual([]);
});

describe("a store without room", () => {
  it.each([
    ["left", 20_400, []],
    ["left", 20_600, ["ghosts"]],
  ] as const)("%s while nothing can be stored, delivered at %d ms: %j", (how, at, columns) => {
    const { story, bob, ann } = bobKnowsAnn();
    story.fault({ component: "nats", action: "fill", all: true, ...CUT });
    ann.ends(11_000, how);
    bob.receives(at, offline("ann", 20));
    expect(story.columns()).toEqual(columns);
  });
});

describe("a refused password", () => {
  it("is another one of the same length, and nothing else of the line is changed", () => {
    const line = 'CONNECT {"user":"gateway","pass":"s3cret","lang":"nats.js"}\r\nPING\r\n';
    expect(String(withWrongPassword(Buffer.from(line)))).toBe(line.replace("s3cret", "xxxxxx"));
  });

  it("has to be there: a link that let the right one pass would refuse nothing", () => {
    expect(() => withWrongPassword(Buffer.from("PING\r\n"))).toThrow("no password");
  });
});
