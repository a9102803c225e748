import { toBytes } from "@meeshy/shared/nats/last-value";
import { expect, test } from "vitest";
import { strongestOf } from "../../src/core/layers.ts";
import { toPublicState } from "../../src/core/projection.ts";
import { emptyRecord, isHidden, isRetained, nextDeadline, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import { readRecord } from "../../src/io/stored-record.ts";
import { connected, logged, profile, RULES, SECOND, setAvailability, T0, timeout } from "./support/events.ts";

/** What was chosen for a person lies in layers: what is shown is the strongest, and what ends uncovers what lies below. */

const step = createTransition(RULES);
const END = T0 + 60 * SECOND;

type Availability = Parameters<typeof setAvailability>[0];
const claim = (
  source: string,
  availability: Availability | null,
  text: string | null = source,
  end: number | null = null,
) => ({
  type: "claim" as const,
  source,
  availability,
  statusText: availability === null ? null : text,
  expiresAt: end,
  profile: profile(),
});
const timedEnd = { type: "timed-end" as const, profile: profile() };

function play(...events: Parameters<typeof logged>[0][]): UserRecord {
  return [connected("a", "g1"), ...events].reduce(
    (record, event, index) => step(record, logged(event, index + 1, T0 + index * SECOND)).record,
    emptyRecord("alice"),
  );
}
const after = (record: UserRecord, ms: number) =>
  step(record, logged(timeout, record.seq + 1, T0 + ms)).record;
const shownAs = (record: UserRecord) => {
  const { isOnline, availability, statusText } = toPublicState(record);
  return isHidden(record)
    ? "hidden"
    : [isOnline ? availability : "offline", statusText].filter(Boolean).join(" ");
};

/** Each layer at its strengths, from the strongest to the weakest. */
const LAYERS = {
  "standing invisible": setAvailability("invisible", "standing"),
  "timed invisible": setAvailability("invisible", "timed", END),
  "timed dnd": setAvailability("dnd", "timed", END),
  "timed busy": setAvailability("busy", "timed", END),
  "timed available": setAvailability("available", null, END),
  "standing dnd": setAvailability("dnd", "standing"),
  "standing busy": setAvailability("busy", "standing"),
  "standing available with a text": setAvailability("available", "standing"),
  "calendar dnd": claim("calendar", "dnd"),
  "phone busy": claim("phone", "busy"),
  "desk available": claim("desk", "available"),
} as const;
const SHOWN: Record<keyof typeof LAYERS, string> = {
  "standing invisible": "hidden",
  "timed invisible": "hidden",
  "timed dnd": "dnd timed",
  "timed busy": "busy timed",
  "timed available": "available",
  "standing dnd": "dnd standing",
  "standing busy": "busy standing",
  "standing available with a text": "available standing",
  "calendar dnd": "dnd calendar",
  "phone busy": "busy phone",
  "desk available": "available desk",
};
const names = Object.keys(LAYERS) as (keyof typeof LAYERS)[];
const layerOf = (name: string) => name.split(" ")[0] as string;

const pairs = names.flatMap((first) =>
  names.flatMap((second) => {
    const [a, b] = [names.indexOf(first), names.indexOf(second)];
    // A layer holds one choice: of two in the same, the later one counts.
    const stronger = layerOf(first) === layerOf(second) ? second : a < b ? first : second;
    return [[first, second, stronger] as const];
  }),
);

test.each(pairs)("%s, then %s: %s is shown", (first, second, stronger) => {
  expect(shownAs(play(LAYERS[first], LAYERS[second]))).toBe(SHOWN[stronger]);
});

const covers = names.filter((name) => layerOf(name) === "timed");
const covered = names.filter((name) => layerOf(name) !== "timed");
test.each(covers.flatMap((upper) => covered.map((lower) => [upper, lower] as const)))(
  "%s ends and uncovers %s, by itself or by its person",
  (upper, lower) => {
    const both = play(LAYERS[lower], LAYERS[upper]);
    expect(shownAs(after(both, 60 * SECOND))).toBe(SHOWN[lower]);
    expect(shownAs(play(LAYERS[lower], LAYERS[upper], timedEnd))).toBe(SHOWN[lower]);
  },
);

test("of claims that are equally strong the newest counts, and each ends by itself", () => {
  const both = play(claim("phone", "busy", "call", END), claim("calendar", "busy", "meeting", END + SECOND));
  expect(shownAs(both)).toBe("busy meeting");
  expect(shownAs(play(claim("calendar", "busy"), claim("phone", "busy"), claim("calendar", "busy")))).toBe(
    "busy calendar",
  );
  const first = step(both, logged(claim("calendar", null), 9, T0 + 5 * SECOND)).record;
  expect(shownAs(first)).toBe("busy call");
  expect(nextDeadline({ ...both, deadline: null }, 0)).toBe(END);
  expect(after(both, 60 * SECOND).layers?.services).toHaveLength(1);
  expect(after(both, 61 * SECOND).layers).toBeUndefined();
});

test("invisible is not undone by what a service says, and its person's choices wait below", () => {
  const record = play(
    setAvailability("busy", "focus", END),
    setAvailability("invisible"),
    claim("calendar", "busy"),
  );
  expect(record.shown).toMatchObject({ isOnline: false });
  const back = step(record, logged(setAvailability("available"), 9, T0 + 5 * SECOND)).record;
  expect(back.shown).toMatchObject({
    isOnline: true,
    availability: "busy",
    statusText: "focus",
    expiresAt: END,
  });
});

test("a choice that comes after its end, by the broker's clock, has taken the place of the one before and has ended", () => {
  const before = play(
    setAvailability("available", "standing"),
    setAvailability("dnd", "timed", END),
    claim("calendar", "busy"),
  );
  const late = T0 + 9 * SECOND;
  const chosen = step(before, logged(setAvailability("busy", "late", late), 10, late)).record;
  expect(shownAs(chosen)).toBe("available standing");
  expect(chosen.layers).toMatchObject({ timed: null, services: [{ source: "calendar" }] });
  const claimed = step(before, logged(claim("calendar", "dnd", "late", late), 10, late)).record;
  expect(claimed.layers).toMatchObject({ timed: { availability: "dnd" }, services: [] });
  expect(shownAs(claimed)).toBe("dnd timed");
});

test("a person has at most eight sources, and one of them may say something else", () => {
  const sources = Array.from({ length: 8 }, (_, n) => claim(`s${n}`, "busy", null));
  const full = play(...sources);
  expect(step(full, logged(claim("ninth", "dnd"), 20, T0 + 20 * SECOND)).record).toBe(full);
  expect(shownAs(step(full, logged(claim("s3", "dnd"), 20, T0 + 20 * SECOND)).record)).toBe("dnd s3");
});

test("layers are kept over a restart, and the release before reads the person's own strongest choice", () => {
  const record = play(
    setAvailability("busy", "focus"),
    setAvailability("dnd", "call", END),
    claim("calendar", "busy"),
  );
  const stored = { ...record, epoch: 1, statusSeq: 1, unsaved: [] };
  const read = readRecord(toBytes(stored))?.record;
  expect(read && strongestOf(read)).toEqual({ availability: "dnd", statusText: "call", expiresAt: END });
  expect(read && shownAs(after(read, 60 * SECOND))).toBe("busy focus");
  expect(record).toMatchObject({ availability: "dnd", statusText: "call", availabilityExpiresAt: END });
  expect(readRecord(toBytes({ ...stored, layers: "of a later release" }))?.record).toMatchObject({
    availability: "dnd",
    layers: undefined,
  });
});

test("a person of whom a service says something, or whose choice has an end, is kept while offline", () => {
  for (const choice of [claim("calendar", "busy", null), setAvailability("available", "on vacation", END)]) {
    const { record } = step(emptyRecord("bob"), logged(choice, 1, T0));
    expect(isRetained(record)).toBe(true);
  }
});
