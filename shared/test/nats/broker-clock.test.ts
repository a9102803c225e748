import { expect, it } from "vitest";
import { BrokerClock } from "../../src/nats/broker-clock.ts";

/** The broker's clock is so far ahead of the own one, ms. */
const AHEAD = 100_000_000;
const HOUR = 3_600_000;

/** A message every 100 ms of the own time from `from` to `to`, each `late` ms late. */
function hear(clock: BrokerClock, from: number, to: number, late: number, ahead = AHEAD): void {
  for (let now = from; now < to; now += 100) clock.note(now - late + ahead, now, true);
}

it("is not known before the first message", () => {
  expect(new BrokerClock().at(5)).toBeUndefined();
});

it.each([
  ["while the link is slow for ten seconds", 5_000, 15_000, 1_000],
  ["while what waited for a process that stood still for a minute is read", 65_000, 65_001, 60_000],
])("is not late %s", (_, from, to, late) => {
  const clock = new BrokerClock();
  hear(clock, 0, 5_000, 2);
  hear(clock, from, to, late);
  expect(clock.at(to)).toBe(to + AHEAD - 2);
});

it("is late by no more than a link that stays slow", () => {
  const clock = new BrokerClock();
  hear(clock, 0, 5_000, 2);
  hear(clock, 5_000, 60_000, 3_000);
  expect(clock.at(60_000)).toBe(60_000 + AHEAD - 3_000);
});

it.each([
  ["forward", 60_000, 100],
  ["back", -HOUR, 2_100],
])("goes on soon where the broker's clock is put %s", (_, step, within) => {
  const clock = new BrokerClock();
  hear(clock, 0, 5_000, 0);
  hear(clock, 5_000, 5_000 + within, 0, AHEAD + step);
  expect(clock.at(6_000)).toBe(6_000 + AHEAD + step);
});

it("takes what was stored before for the time only until something is written", () => {
  const clock = new BrokerClock();
  // Written before the broker's clock was set right.
  clock.note(AHEAD + 26 * HOUR, 0, false);
  clock.note(AHEAD - HOUR, 1, false);
  expect(clock.at(10)).toBe(10 + AHEAD - HOUR - 1);
  hear(clock, 100, 200, 0);
  expect(clock.at(200)).toBe(200 + AHEAD);
  clock.note(AHEAD + 26 * HOUR, 300, false);
  expect(clock.at(300)).toBe(300 + AHEAD);
});
