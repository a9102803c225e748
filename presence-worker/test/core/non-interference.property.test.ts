import type { LogEvent } from "@meeshy/shared/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toRow, toStatusMessage } from "../../src/core/projection.ts";
import { emptyRecord, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import {
  activity,
  connected,
  disconnected,
  gatewayLost,
  logged,
  RULES,
  SECOND,
  setAvailability,
  T0,
  timeout,
} from "./support/events.ts";

/**
 * What an invisible user does is no input of what others can read: two histories that differ in that alone look the same,
 * and look like a departure and an arrival.
 */
const step = createTransition(RULES);
const GOODBYE = disconnected("a", "client namespace disconnect");
const SEEN_MS = 200 * SECOND;
const END_MS = 5_000 * SECOND;

const unseen: fc.Arbitrary<{ event: LogEvent; seconds: number }[]> = fc.array(
  fc.record({
    event: fc.oneof(
      fc.constantFrom("a", "b").map((id): LogEvent => connected(id, "g1")),
      fc
        .tuple(fc.constantFrom("a", "b"), fc.constantFrom("transport close", "client namespace disconnect"))
        .map(([id, reason]): LogEvent => disconnected(id, reason)),
      fc.constantFrom<LogEvent>(activity, timeout, gatewayLost("g1"), setAvailability("invisible", "hush")),
    ),
    seconds: fc.integer({ min: 0, max: 400 }),
  }),
  { maxLength: 10 },
);

interface Seen {
  records: UserRecord[];
  /** every status, and every row's public columns, in order */
  trace: unknown[];
}

function play(events: { event: LogEvent; ms: number; seq: number }[]): Seen {
  const seen: Seen = { records: [], trace: [] };
  let record = emptyRecord("alice");
  for (const { event, ms, seq } of events) {
    const { record: after, effects } = step(record, logged(event, seq, T0 + ms));
    record = after;
    seen.records.push(record);
    for (const { type } of effects) {
      if (type === "status") seen.trace.push(toStatusMessage(record));
      if (type === "persist") {
        const { isOnline, lastSeen, lastActiveAt, epoch, version } = toRow(record);
        const row = { isOnline, lastSeen, lastActiveAt, epoch, version };
        const last = seen.trace.findLast((one) => typeof one === "object" && one !== null && "row" in one);
        if (JSON.stringify(last) !== JSON.stringify({ row })) seen.trace.push({ row });
      }
    }
  }
  return seen;
}

const arrive = { event: connected("a", "g1"), ms: 0, seq: 10 };
const act = { event: activity, ms: 120 * SECOND, seq: 11 };
const hide = { event: setAvailability("invisible"), ms: SEEN_MS, seq: 12 };
const during = (events: { event: LogEvent; seconds: number }[]) => {
  let ms = SEEN_MS;
  return events.map(({ event, seconds }, index) => {
    ms = Math.min(END_MS - 1, ms + seconds * SECOND);
    return { event, ms, seq: 13 + index };
  });
};

test("nothing that happens while a user is invisible reaches a status, a row or a date, then or later", () => {
  fc.assert(
    fc.property(unseen, unseen, (one, other) => {
      const show = { event: setAvailability("available"), ms: END_MS, seq: 50 };
      const [first, second] = [one, other].map((events) =>
        play([arrive, act, hide, ...during(events), show]),
      );
      const isOnline = (seen: Seen | undefined) => seen?.records.at(-1)?.state !== "offline";
      fc.pre(isOnline(first) === isOnline(second));
      expect(first?.trace).toEqual(second?.trace);
    }),
    { numRuns: 500 },
  );
});

test("who hides keeps the look of one who has left, and loses it at the same moment", () => {
  const lunch = (expiresAt: number | null) => ({
    event: setAvailability("busy", "lunch", expiresAt),
    ms: 130 * SECOND,
    seq: 12,
  });
  const focus = { event: setAvailability("dnd", "focus"), ms: 125 * SECOND, seq: 11 };
  const late = { event: timeout, ms: END_MS, seq: 50 };
  fc.assert(
    fc.property(
      unseen,
      fc.constantFrom(null, T0 + SEEN_MS + SECOND, T0 + END_MS),
      fc.constantFrom<LogEvent>(
        setAvailability("invisible"),
        setAvailability("invisible", null, T0 + 2 * END_MS),
      ),
      (events, expiresAt, hides) => {
        const before = [arrive, focus, lunch(expiresAt)];
        const hidden = play([...before, { ...hide, event: hides }, ...during(events), late]);
        const left = play([...before, { ...hide, event: GOODBYE }, late]);
        expect(hidden.records[3]?.shown).toEqual(left.records[3]?.shown);
        const look = ({ records }: Seen) => {
          const { isOnline, lastActiveAt, lastSeen, statusText } = records.at(-1)?.shown ?? {};
          return { isOnline, lastActiveAt, lastSeen, isLunch: statusText === "lunch" };
        };
        expect(look(hidden)).toEqual(look(left));
      },
    ),
    { numRuns: 500 },
  );
});

test("who is offline keeps a text that only the database has, when they become invisible", () => {
  const hides = setAvailability("invisible");
  const profile = { ...hides.profile, availability: "busy", statusText: "on leave" } as const;
  const { records } = play([{ event: { ...hides, profile }, ms: 0, seq: 10 }]);
  expect(records[0]?.shown).toMatchObject({ isOnline: false, availability: "busy", statusText: "on leave" });
  expect(records[0]?.shown).toMatchObject({ cause: "disconnect", at: profile.lastSeen });
});

test("what services say is seen of who hides as it is of who has left", () => {
  const claim = (
    availability: "busy" | "dnd" | null,
    statusText: string | null,
    source: string,
  ): LogEvent => ({
    ...{
      type: "claim",
      source,
      availability,
      statusText,
      expiresAt: null,
      profile: setAvailability("busy").profile,
    },
  });
  const claims = fc.array(
    fc.record({
      event: fc
        .tuple(
          fc.constantFrom("busy" as const, "dnd" as const, null),
          fc.constantFrom(null, "call"),
          fc.constantFrom("calendar", "phone"),
        )
        .map((said) => claim(...said)),
      seconds: fc.integer({ min: 1, max: 100 }),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.boolean(), claims, claims, (hasOwn, before, later) => {
      const own = hasOwn ? [{ event: setAvailability("dnd", "focus"), ms: SECOND, seq: 11 }] : [];
      const said = before.map(({ event }, n) => ({ event, ms: (n + 2) * SECOND, seq: 12 + n }));
      const goes = { ...hide, seq: 30 };
      const after = during(later).map((one) => ({ ...one, seq: one.seq + 20 }));
      const looks = (gone: LogEvent) =>
        play([arrive, ...own, ...said, { ...goes, event: gone }, ...after]).records.map(({ shown }) => shown);
      expect(looks(setAvailability("invisible"))).toEqual(looks(GOODBYE));
    }),
    { numRuns: 500 },
  );
});

test("a choice that runs out shows no more than one that is taken back", () => {
  fc.assert(
    fc.property(unseen, (events) => {
      const withoutChoices = events.filter(({ event }) => event.type !== "availability");
      const ends = { event: setAvailability("invisible", null, T0 + END_MS), ms: SEEN_MS, seq: 12 };
      const { records } = play([
        arrive,
        act,
        ends,
        ...during(withoutChoices),
        { event: timeout, ms: END_MS, seq: 50 },
      ]);
      const { shown, state, lastSeen, lastActiveAt } = records.at(-1) as UserRecord;
      expect(lastSeen).toBe(T0 + SEEN_MS);
      if (state === "offline") {
        expect(shown?.version).toBe(12);
        expect(lastActiveAt).toBe(T0 + act.ms);
      } else expect(shown).toMatchObject({ lastActiveAt: T0 + END_MS, at: T0 + END_MS, version: 50 });
    }),
    { numRuns: 500 },
  );
});

test("to become invisible looks like leaving, and to be visible again like arriving, field by field", () => {
  fc.assert(
    fc.property(unseen, (events) => {
      const hidden = play([arrive, act, hide, ...during(events)]);
      const left = play([arrive, act, { ...hide, event: GOODBYE }]);
      expect(hidden.records[2]?.shown).toEqual(left.records[2]?.shown);
      const show = { event: setAvailability("available"), ms: END_MS, seq: 50 };
      const shown = play([arrive, act, hide, ...during(events), show]).records.at(-1);
      fc.pre(shown?.state !== "offline");
      const came = play([arrive, act, { ...hide, event: GOODBYE }, { ...arrive, ms: END_MS, seq: 50 }]);
      expect(shown?.shown).toEqual(came.records.at(-1)?.shown);
    }),
    { numRuns: 500 },
  );
});
