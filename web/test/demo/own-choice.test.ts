import { describe, expect, it } from "vitest";
import {
  afterChoice,
  type ChoiceStep,
  endOf,
  type OwnChoice,
  planChoice,
  strongestChoice,
} from "../../demo/own-choice.ts";
import type { Availability, Choices } from "../../presence/wire.ts";

const END = "2026-01-01T12:00:00.000Z";
const AVAILABILITIES: Availability[] = ["available", "busy", "dnd", "invisible"];
const choices = (standing: Availability, timed: Availability | null): Choices => ({
  standing: { availability: standing, statusText: null },
  timed: timed && { availability: timed, statusText: "old", expiresAt: END },
  services: [],
});

/** What a server does with the steps (CONTRACT 5). */
function perform(before: Choices, steps: ChoiceStep[]): Choices[] {
  const states = [before];
  for (const step of steps) {
    const last = states.at(-1) ?? before;
    if (step === "end") states.push({ ...last, timed: null });
    else {
      const { availability, statusText = null, expiresAt } = step.set;
      states.push(
        expiresAt
          ? { ...last, timed: { availability, statusText, expiresAt } }
          : { ...last, standing: { availability, statusText } },
      );
    }
  }
  return states;
}

describe("a choice", () => {
  const all = AVAILABILITIES.flatMap((standing) =>
    [...AVAILABILITIES, null].flatMap((timed) =>
      AVAILABILITIES.flatMap((availability) =>
        [END, null].map((expiresAt): [Choices, OwnChoice] => [
          choices(standing, timed),
          { availability, statusText: "new", expiresAt },
        ]),
      ),
    ),
  );

  it("is what the person is shown as in the end, whatever was chosen before", () => {
    for (const [before, wish] of all) {
      const states = perform(before, planChoice(before, wish));
      expect(strongestChoice(states.at(-1)), JSON.stringify([before, wish])).toEqual(wish);
      expect(strongestChoice(afterChoice(before, wish))).toEqual(wish);
    }
  });

  it("never shows on the way what was covered: an invisible person appears only as wished", () => {
    for (const [before, wish] of all) {
      const shown = perform(before, planChoice(before, wish)).map((state) => strongestChoice(state));
      const allowed = [JSON.stringify(shown[0]), JSON.stringify(wish), "invisible"];
      for (const step of shown) {
        const isHidden = step.availability === "invisible";
        expect(allowed, JSON.stringify([before, wish])).toContain(
          isHidden ? "invisible" : JSON.stringify(step),
        );
      }
    }
  });

  it("is plain before anything is known", () => {
    expect(strongestChoice(undefined)).toEqual({
      availability: "available",
      statusText: null,
      expiresAt: null,
    });
  });
});

it("lasts half an hour, an hour, until the evening, or for good", () => {
  const noon = new Date(2026, 0, 1, 12).getTime();
  const ends = (["half-hour", "hour", "evening"] as const).map((lasting) => endOf(lasting, noon));
  expect(ends.map((end) => Date.parse(end ?? "") - noon)).toEqual([1_800_000, 3_600_000, 6 * 3_600_000]);
  expect(endOf("always", noon)).toBeNull();
  const late = new Date(2026, 0, 1, 19).getTime();
  expect(endOf("evening", late)).toBe(new Date(2026, 0, 2).toISOString());
});
