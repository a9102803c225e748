import { expect, it } from "vitest";
import { watchActivity } from "../../presence/activity.ts";

it("reports the first sign of life at once, and then one in each interval", () => {
  const target = new EventTarget();
  let now = 0;
  const reports: number[] = [];
  const { stop } = watchActivity(target, () => reports.push(now), { everyMs: 100, now: () => now });
  for (now = 0; now <= 250; now += 10) target.dispatchEvent(new Event("pointermove"));
  expect(reports).toEqual([0, 100, 200]);
  now = 1_000;
  stop();
  target.dispatchEvent(new Event("keydown"));
  expect(reports).toHaveLength(3);
});

it("says how long ago the last sign was, one that was not reported included", () => {
  const target = new EventTarget();
  let now = 100;
  const watch = watchActivity(target, () => {}, { everyMs: 1_000, now: () => now });
  now = 150;
  expect(watch.idleMs()).toBe(50);
  for (now = 200; now <= 400; now += 100) target.dispatchEvent(new Event("keydown"));
  expect(watch.idleMs()).toBe(now - 400);
});
