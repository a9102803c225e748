import { expect, test } from "vitest";
import { createView } from "../fleet/view.ts";

const is = (userId: string, isOnline: boolean) => ({ userId, isOnline });

test("a departure is counted when a person who was shown online is shown offline, however that is said", () => {
  const view = createView(0);
  view.takeStatus(is("a", false)); // was never shown online
  expect(view.takeSnapshot({ users: [is("a", true), is("b", true), is("c", true)] })).toBe(true);
  expect(view.departures()).toBe(0);
  view.takeStatus(is("a", false));
  view.takeStatus(is("a", false));
  view.takeSnapshot({ users: [is("c", true)] });
  expect(view.departures()).toBe(2);
  expect(view.departures((userId) => userId === "b")).toBe(1);
  expect([view.sees("b").isOnline, view.sees("c").isOnline]).toEqual([false, true]);
});

test("a partial view says nothing of those whom it does not name", () => {
  const view = createView(0);
  view.takeSnapshot({ users: [is("a", true)] });
  expect(view.takeSnapshot({ users: [is("b", true)], partial: true })).toBe(false);
  expect([view.sees("a").isOnline, view.departures()]).toEqual([true, 0]);
});

test("who was never named is offline since the last whole view", () => {
  const view = createView(7);
  expect(view.sees("a")).toEqual({ isOnline: false, since: 7 });
  view.takeSnapshot({ users: [] });
  expect(view.sees("a").since).toBeGreaterThan(7);
});
