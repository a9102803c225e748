import { createCreationPatience } from "@meeshy/shared/nats/creation-patience";
import { expect, test } from "vitest";

test("before the first creation, every lost answer doubles the time, up to 8 s", () => {
  const patience = createCreationPatience();
  const seen = [patience.ms()];
  for (let lost = 0; lost < 5; lost++) {
    patience.lost();
    seen.push(patience.ms());
  }
  expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test("after a creation, three times what it took are waited; only the third lost answer in a row doubles that", () => {
  const patience = createCreationPatience();
  patience.created(200);
  const seen = [patience.ms()];
  for (let lost = 0; lost < 4; lost++) {
    patience.lost();
    seen.push(patience.ms());
  }
  expect(seen).toEqual([600, 600, 600, 1_200, 1_200]);
  patience.created(200);
  expect(patience.ms()).toBe(600);
});

test("a fast server is given 250 ms, a very slow one 8 s", () => {
  const patience = createCreationPatience();
  patience.created(2);
  expect(patience.ms()).toBe(250);
  patience.created(6_000);
  expect(patience.ms()).toBe(8_000);
});
