import { expect, it } from "vitest";
import { differencesNow } from "../oracle/convergence.ts";
import { covers } from "../oracle/intervals.ts";
import { see, type View } from "../oracle/views.ts";
import { companionsOf, createTruthsNow } from "../oracle/world.ts";
import { type Actor, busy, createStory, online, type Story } from "./story.ts";

function differences({ history }: Story, { connection }: Actor, now: number) {
  const view: View = new Map();
  for (const received of connection.received) see(view, received);
  return differencesNow(
    createTruthsNow(history)(now),
    [{ connection, view }],
    companionsOf(history.members),
    now,
  );
}

it("a view that lacks someone is wrong once there was time to deliver, and names the user", () => {
  const story = createStory();
  const bob = story.connect("bob", 1_000).snapshot(1_010);
  story.connect("ann", 5_000).active(...busy(5_000));
  expect(differences(story, bob, 5_500)).toEqual([]);
  expect(differences(story, bob, 6_500)).toMatchObject([{ about: "ann" }]);
  bob.receives(6_600, online("ann", 10));
  expect(differences(story, bob, 6_700)).toEqual([]);
});

it("a fault does not make a wrong view right", () => {
  const story = createStory();
  const bob = story.connect("bob", 1_000).snapshot(1_010);
  story.connect("ann", 5_000).active(...busy(5_000));
  story.fault({ component: "nats", action: "stop", injectedAt: 4_000, endedAt: Number.POSITIVE_INFINITY });
  expect(differences(story, bob, 6_500)).toHaveLength(1);
});

it("the users of a dead gateway are owed its lease and the grace", () => {
  const story = createStory();
  const bob = story.connect("bob", 1_000, { gateway: 1 }).snapshot(1_010, online("ann", 10));
  story.connect("ann", 500).ends(10_010, "dropped");
  story.fault({ component: "gateway", action: "kill", injectedAt: 10_000, endedAt: 12_000 });
  expect(differences(story, bob, 15_900)).toEqual([]);
  expect(differences(story, bob, 16_100)).toHaveLength(1);
});

it.each([
  ["that its gateway's end took away", 9_000, "dropped"],
  ["of which the gateway did not know yet that it was frozen", 6_000, "frozen"],
] as const)(
  "a new page may be taken for the return of a socket %s, until its person does something",
  (_, at, how) => {
    const story = createStory();
    const bob = story.connect("bob", 1_000, { gateway: 1 }).snapshot(1_010);
    story.fault({ component: "gateway", action: "cut", injectedAt: 8_000, endedAt: 14_000 });
    story.connect("ann", 5_000).ends(at, how);
    const page = story.connect("ann", 40_000, { client: 2, gateway: 1 });
    expect(differences(story, bob, 42_000)).toEqual([]);
    page.active(43_000);
    expect(differences(story, bob, 43_500)).toEqual([]);
    expect(differences(story, bob, 44_500)).toHaveLength(1);
  },
);

it("a view with a look that is not the strongest is wrong, and one with someone invisible", () => {
  const story = createStory();
  const bob = story.connect("bob", 1_000).snapshot(1_010, online("ann", 10));
  story.connect("ann", 500).active(...busy(500));
  story.choice("ann", 5_000, { value: { availability: "dnd", statusText: null } });
  expect(differences(story, bob, 5_500)).toEqual([]);
  expect(differences(story, bob, 6_500)).toMatchObject([{ about: "ann" }]);
  bob.receives(6_600, online("ann", 11, { availability: "dnd" }));
  expect(differences(story, bob, 6_700)).toEqual([]);
  story.choice("ann", 10_000, { value: { availability: "invisible", statusText: null } });
  expect(differences(story, bob, 11_500)).toMatchObject([{ about: "ann" }]);
});

it("a choice counts at once, also when one of three minutes ago is forgotten in the same moment", () => {
  const story = createStory();
  const every2s = Array.from({ length: 100 }, (_, n) => 500 + n * 2_000);
  story.connect("ann", 500).active(...every2s);
  story.choice("ann", 600, { slot: "calendar", value: { availability: "available", statusText: null } });
  for (const at of [1_000, 2_000])
    story.choice("ann", at, { value: { availability: "available", statusText: null } });
  const truthsNow = createTruthsNow(story.history);
  const isOnline = (now: number) => covers(truthsNow(now).get("ann")?.online ?? [], now, now);
  expect(isOnline(181_900)).toBe(true);
  story.choice("ann", 182_100, { value: { availability: "invisible", statusText: null } });
  expect(isOnline(182_200)).toBe(false);
});
