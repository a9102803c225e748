import { describe, expect, it } from "vitest";
import { TIMED } from "../oracle/history.ts";
import { isSameLook } from "../oracle/looks.ts";
import { busy, createStory, offline, online } from "./story.ts";

const choice = (availability: string, statusText: string | null = null) => ({ availability, statusText });
const busyLook = choice("busy");
const dndLook = choice("dnd", "in a call");

/** Bob sees Ann, who is there all the time, as available. */
function bobSeesAnn() {
  const story = createStory();
  story.connect("ann", 2_000).active(...busy(2_000));
  const bob = story
    .connect("bob", 1_000)
    .snapshot(1_010)
    .receives(2_050, online("ann", 10))
    .active(...busy(1_000));
  return { story, bob };
}

describe("what people are shown as", () => {
  it("a choice that is not shown is a loss", () => {
    const columns = (at?: number) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 10_000, { value: dndLook });
      if (at !== undefined) bob.receives(at, online("ann", 20, dndLook));
      return story.columns();
    };
    expect(columns(10_900)).toEqual([]);
    expect(columns(11_100)).toEqual(["lost"]);
    expect(columns()).toEqual(["lost"]);
  });

  it("so is one that no one has made", () => {
    const { story, bob } = bobSeesAnn();
    bob.receives(10_000, online("ann", 20, busyLook));
    expect(story.findings()).toMatchObject([{ column: "lost", at: 10_000, about: "ann" }]);
  });

  it("a layer that ends and does not uncover what lies below is a loss", () => {
    const columns = (at?: number) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 5_000, { value: busyLook });
      story.choice("ann", 10_000, { slot: TIMED, value: dndLook, lastsMs: 5_000 });
      bob.receives(5_100, online("ann", 20, busyLook)).receives(10_100, online("ann", 21, dndLook));
      if (at !== undefined) bob.receives(at, online("ann", 22, busyLook));
      return story.columns();
    };
    expect(columns(15_100)).toEqual([]);
    expect(columns(16_900)).toEqual([]);
    expect(columns(17_200)).toEqual(["lost"]);
    expect(columns()).toEqual(["lost"]);
    expect(columns(13_000)).toEqual(["lost"]);
  });

  it("one that ends while a worker of the release before runs may last until the present one is back", () => {
    const columns = (at: number, component: "worker" | "sweeper" = "worker") => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 10_000, { slot: "call", value: dndLook, lastsMs: 5_000 });
      const killed = { component, action: "kill" } as const;
      story.fault({ name: `older:${component}`, ...killed, injectedAt: 12_000, endedAt: 13_000 });
      story.fault({ name: `newer:${component}`, ...killed, injectedAt: 25_000, endedAt: 26_000 });
      bob.receives(10_100, online("ann", 20, dndLook)).receives(at, online("ann", 21));
      return story.columns();
    };
    expect(columns(24_000)).toEqual([]);
    expect(columns(28_900)).toEqual([]);
    expect(columns(29_100)).toEqual(["lost"]);
    expect(columns(24_000, "sweeper")).toEqual(["lost"]);
  });

  it("one that uncovers the wrong layer is a loss", () => {
    const { story, bob } = bobSeesAnn();
    story.choice("ann", 5_000, { slot: "calendar", value: busyLook });
    story.choice("ann", 6_000, { slot: TIMED, value: dndLook, lastsMs: 5_000 });
    bob.receives(5_100, online("ann", 20, busyLook)).receives(6_100, online("ann", 21, dndLook));
    bob.receives(11_100, online("ann", 22));
    expect(story.columns()).toEqual(["lost"]);
  });

  it.each([
    [
      "the person's own before a service's",
      { slot: "calendar", value: dndLook },
      { value: busyLook },
      busyLook,
    ],
    [
      "a service's before a plain one of the person",
      { slot: "calendar", value: busyLook },
      { value: choice("available") },
      busyLook,
    ],
    [
      "a text makes a standing choice more than plain",
      { slot: "calendar", value: busyLook },
      { value: choice("available", "hi") },
      choice("available", "hi"),
    ],
    [
      "the timed one before the standing one",
      { slot: TIMED, value: busyLook, lastsMs: 58_000 },
      { value: dndLook },
      busyLook,
    ],
    [
      "of services do-not-disturb before busy",
      { slot: "call", value: dndLook },
      { slot: "calendar", value: busyLook },
      dndLook,
    ],
    [
      "of equal services the newer",
      { slot: "call", value: choice("busy", "a") },
      { slot: "calendar", value: choice("busy", "b") },
      choice("busy", "b"),
    ],
  ])("%s", (_, first, second, expected) => {
    const columns = (shown: typeof busyLook) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 5_000, first);
      story.choice("ann", 6_000, second);
      bob.receives(5_100, online("ann", 20, first.value)).receives(6_100, online("ann", 21, shown));
      return story.columns();
    };
    expect(columns(expected)).toEqual([]);
    expect(columns(choice("busy", "something else"))).toEqual(["lost"]);
    const others = [first.value, second.value].filter((other) => !isSameLook(other, expected));
    for (const other of others) expect(columns(other), JSON.stringify(other)).toEqual(["lost"]);
  });

  it("of a choice without an answer either may be shown", () => {
    const columns = (shown: typeof busyLook) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 5_000, { value: busyLook, isAnswered: false });
      bob.receives(5_100, online("ann", 20, shown));
      return story.columns();
    };
    expect(columns(busyLook)).toEqual([]);
    expect(columns(choice("available"))).toEqual([]);
    expect(columns(dndLook)).toEqual(["lost"]);
  });
});

describe("who is invisible", () => {
  it("and is shown is a ghost; gone by a goodbye is right, and online again once visible", () => {
    const columns = (gone?: number, back?: number) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 10_000, { value: choice("invisible") });
      story.choice("ann", 20_000, { value: choice("available") });
      if (gone !== undefined) bob.receives(gone, offline("ann", 20));
      if (back !== undefined) bob.receives(back, online("ann", 21));
      return story.columns();
    };
    expect(columns(10_100, 20_100)).toEqual([]);
    expect(columns()).toEqual(["ghosts"]);
    expect(columns(11_100, 20_100)).toEqual(["ghosts"]);
    expect(columns(10_100, 19_000)).toEqual(["ghosts"]);
    expect(columns(10_100, 21_100)).toEqual(["lost"]);
    expect(columns(10_100)).toEqual(["lost"]);
  });

  it("stays so under a service's claim, and comes back when a timed choice to be so ends", () => {
    const columns = (shown: "online" | "offline") => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 10_000, { slot: TIMED, value: choice("invisible"), lastsMs: 10_000 });
      story.choice("ann", 12_000, { slot: "calendar", value: dndLook });
      bob.receives(10_100, offline("ann", 20));
      if (shown === "online") bob.receives(12_100, online("ann", 21, dndLook));
      bob.receives(20_100, online("ann", 22, dndLook));
      return story.columns();
    };
    expect(columns("offline")).toEqual([]);
    expect(columns("online")).toEqual(["ghosts"]);
  });

  it("keeps the text of before, as who leaves, and never shows that of the invisible choice", () => {
    const columns = (text: string) => {
      const { story, bob } = bobSeesAnn();
      story.choice("ann", 5_000, { value: choice("dnd", "in a call") });
      bob.receives(5_100, online("ann", 20, choice("dnd", "in a call")));
      story.choice("ann", 10_000, { value: choice("invisible", "hush") });
      bob.receives(10_100, offline("ann", 21, choice("dnd", text)));
      return story.columns();
    };
    expect(columns("in a call")).toEqual([]);
    expect(columns("hush")).toEqual(["ghosts"]);
  });
});
