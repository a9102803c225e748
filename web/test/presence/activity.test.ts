import { expect, it } from "vitest";
import { watchActivity } from "../../presence/activity.ts";

it("reports the first sign of life at once, and then one in each interval", () => {
  const target = new EventTarget();
  let now = 0;
  const reports: number[] = [];
  const { start, stop } = watchActivity(target, () => reports.push(now) > 0, {
    everyMs: 100,
    now: () => now,
  });
  start();
  for (now = 0; now <= 250; now += 10) target.dispatchEvent(new Event("pointermove"));
  expect(reports).toEqual([0, 100, 200]);
  now = 1_000;
  stop();
  target.dispatchEvent(new Event("keydown"));
  expect(reports).toHaveLength(3);
  start();
  target.dispatchEvent(new Event("keydown"));
  expect(reports).toHaveLength(4);
});

it("makes a report that did not go out at the next sign", () => {
  const reports: boolean[] = [];
  let isConnected = false;
  const watch = watchActivity(undefined, () => isConnected && reports.push(true) > 0, { everyMs: 1_000 });
  watch.start();
  watch.sign();
  isConnected = true;
  watch.sign();
  watch.sign();
  expect(reports).toEqual([true]);
});

it("says how long ago the last sign was, one that was not reported included", () => {
  const target = new EventTarget();
  let now = 100;
  const watch = watchActivity(target, () => true, { everyMs: 1_000, now: () => now });
  watch.start();
  now = 150;
  expect(watch.idleMs()).toBe(50);
  for (now = 200; now <= 400; now += 100) target.dispatchEvent(new Event("keydown"));
  expect(watch.idleMs()).toBe(now - 400);
});
