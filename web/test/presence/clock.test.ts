import { expect, it, vi } from "vitest";
import { createPresenceClock } from "../../presence/clock.ts";
import { viewPerson } from "../../presence/person.ts";

const NOW = Date.parse("2026-01-01T12:00:00.000Z");
const HOUR = 3_600_000;

it.each([-2 * HOUR, 0, 2 * HOUR])(
  "a viewer's clock that is %i ms wrong changes no word and no dot",
  (wrong) => {
    let steady = 1_000;
    const clock = createPresenceClock(
      () => NOW + wrong,
      () => steady,
    );
    clock.sync(new Date(NOW).toISOString());
    steady += 60_000;
    clock.renew();
    const left = { isOnline: false, lastActiveAt: NOW - 9 * 60_000, lastSeen: NOW - 9 * 60_000 };
    expect(viewPerson(left, clock.now(), true, "en")).toMatchObject({
      status: "away",
      lastSeenText: "Last seen 10 minutes ago",
    });
    expect(viewPerson(left, clock.now(), false, "en")).toMatchObject({ status: "away", stale: true });
  },
);

it("goes by the viewer's clock until a server has said the time, and ignores what is no time", () => {
  const clock = createPresenceClock(
    () => NOW,
    () => 5,
  );
  for (const nonsense of [undefined, 7, "noon", null]) clock.sync(nonsense);
  clock.renew();
  expect(clock.now()).toBe(NOW);
});

it("has one timer for all who listen, which ends with the last of them", () => {
  vi.useFakeTimers();
  try {
    const clock = createPresenceClock();
    const heard: string[] = [];
    const ends = ["a", "b"].map((name) => clock.subscribe(() => heard.push(name)));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(15_000);
    expect(heard).toEqual(["a", "b"]);
    for (const end of ends) end();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
