import { expect, it } from "vitest";
import { BrokerClock } from "../../src/nats/broker-clock.ts";

/** The broker's clock is so far ahead of the own one, ms. */
const AHEAD = 1_000_000;

/** A message every 100 ms of the own time from `from` to `to`, each `late` ms late. */
function hear(clock: BrokerClock, from: number, to: number, late: number, ahead = AHEAD): void {
  for (let now = from; now < to; now += 100) clock.note(now - late + ahead, now);
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

it("goes on at once where the broker's clock is put forward, and after 20 s where it is put back", () => {
  const clock = new BrokerClock();
  hear(clock, 0, 5_000, 0);
  hear(clock, 5_000, 5_100, 0, AHEAD + 60_000);
  expect(clock.at(5_100)).toBe(5_100 + AHEAD + 60_000);
  hear(clock, 5_100, 25_200, 0);
  expect(clock.at(25_200)).toBe(25_200 + AHEAD);
});
