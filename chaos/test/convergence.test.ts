import { expect, it } from "vitest";
import { differencesNow } from "../oracle/convergence.ts";
import { see, type View } from "../oracle/views.ts";
import { companionsOf } from "../oracle/world.ts";
import { type Actor, busy, createStory, online, type Story } from "./story.ts";

function differences({ history }: Story, { connection }: Actor, now: number) {
  const view: View = new Map();
  for (const received of connection.received) see(view, received);
  return differencesNow(history, [{ connection, view }], companionsOf(history.members), now);
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
