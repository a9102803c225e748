import { expect, it } from "vitest";
import { getLastSeenText } from "../../presence/last-seen.ts";

const NOW = Date.parse("2026-01-10T12:00:00.000Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const gone = (ms: number) => ({ isOnline: false, lastSeen: NOW - ms });

it.each([
  { age: 0, en: "Last seen just now", fr: "Vu à l’instant" },
  { age: MINUTE - 1, en: "Last seen just now", fr: "Vu à l’instant" },
  { age: MINUTE, en: "Last seen 1 minute ago", fr: "Vu il y a 1 minute" },
  { age: HOUR - 1, en: "Last seen 59 minutes ago", fr: "Vu il y a 59 minutes" },
  { age: HOUR, en: "Last seen 1 hour ago", fr: "Vu il y a 1 heure" },
  { age: DAY - 1, en: "Last seen 23 hours ago", fr: "Vu il y a 23 heures" },
  { age: 7 * DAY - 1, en: "Last seen 6 days ago", fr: "Vu il y a 6 jours" },
])("shows for a person who left $age ms ago: $en", ({ age, en, fr }) => {
  expect(getLastSeenText(gone(age), NOW)).toBe(en);
  expect(getLastSeenText(gone(age), NOW, { locale: "fr" })).toBe(fr);
});

it("gives the date of a person who left a week ago or earlier", () => {
  // Which day it was depends on where the viewer is.
  expect(getLastSeenText(gone(7 * DAY), NOW)).toMatch(/^Last seen Jan [34], 2026$/);
  expect(getLastSeenText(gone(7 * DAY), NOW, { locale: "fr" })).toMatch(/^Vu le [34] janv. 2026$/);
});

it("counts from the later of the last departure and the last activity", () => {
  const left = NOW - 3 * HOUR;
  expect(getLastSeenText({ isOnline: false, lastSeen: left, lastActiveAt: NOW - HOUR }, NOW)).toContain(
    "1 hour",
  );
  expect(getLastSeenText({ isOnline: false, lastSeen: left, lastActiveAt: NOW - DAY }, NOW)).toContain(
    "3 hours",
  );
});

it("shows that an online person is active now", () => {
  expect(getLastSeenText({ isOnline: true, lastSeen: NOW - DAY }, NOW)).toBe("Active now");
});

it("is empty when the dates are hidden", () => {
  expect(getLastSeenText({ isOnline: false, lastSeen: null, lastActiveAt: null }, NOW)).toBe("");
  expect(getLastSeenText(undefined, NOW)).toBe("");
});
