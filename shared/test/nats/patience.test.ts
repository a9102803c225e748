import { createPatience } from "@meeshy/shared/nats/patience";
import { expect, test } from "vitest";

test("before the first answer every lost one doubles the time, up to 5 s", () => {
  const patience = createPatience();
  const seen = [patience.ms()];
  for (let lost = 0; lost < 4; lost++) {
    patience.lost();
    seen.push(patience.ms());
  }
  expect(seen).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("half as long again as the fastest of the last answers is waited, 1 to 15 s, however many are lost", () => {
  const patience = createPatience();
  for (let lost = 0; lost < 4; lost++) patience.lost();
  const seen: number[] = [];
  for (const took of [20_000, 8_000, 2_000, 5]) {
    patience.answered(took);
    patience.lost();
    seen.push(patience.ms());
  }
  expect(seen).toEqual([15_000, 12_000, 3_000, 1_000]);
});

test("the fastest answer counts until 16 others have come", () => {
  const patience = createPatience();
  patience.answered(5);
  for (let later = 0; later < 15; later++) patience.answered(2_000);
  expect(patience.ms()).toBe(1_000);
  patience.answered(2_000);
  expect(patience.ms()).toBe(3_000);
});

test("where few answers are measured a link that has become slow is known to be after as many", () => {
  const patience = createPatience(2);
  for (const took of [5, 5, 2_000]) patience.answered(took);
  expect(patience.ms()).toBe(1_000);
  patience.answered(2_000);
  expect(patience.ms()).toBe(3_000);
});

test("a fast link needs milliseconds of any question's time, a slow one seconds, and one without answers none", () => {
  const patience = createPatience();
  const seen = [patience.ofLink()];
  for (const took of [2_000, 4]) {
    patience.answered(took);
    seen.push(patience.ofLink());
  }
  expect(seen).toEqual([0, 3_000, 6]);
});
