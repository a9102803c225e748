import { isDeepStrictEqual } from "node:util";
import { compareVersions } from "@meeshy/shared/status";
import { statusMessageSchema } from "@meeshy/shared/status-schema";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createActor, transition } from "xstate";
import type { ActorEvent, Rules } from "../../src/core/actor.ts";
import { createPresenceMachine } from "../../src/core/machine.ts";
import { toRow, toStatusMessage } from "../../src/core/projection.ts";
import { emptyRecord, nextDeadline, type UserRecord } from "../../src/core/record.ts";
import { createTransition, type Transition } from "../../src/core/transition.ts";
import * as arbitrary from "./support/arbitraries.ts";
import { logged, SECOND, T0, timeout } from "./support/events.ts";
import { createReferenceModel } from "./support/reference-model.ts";

type Step = (record: UserRecord, event: ActorEvent) => Transition;

const RUNS = { numRuns: 200 };
const FAR = T0 + 1_000_000 * SECOND;

/** Every step of a history: what it was given, and what came of it. */
function run(step: Step, events: readonly ActorEvent[], from: UserRecord = emptyRecord("alice")) {
  let before = from;
  return events.map((event) => {
    const { record: after, effects } = step(before, event);
    const entry = { before, event, after, effects };
    before = after;
    return entry;
  });
}

function forEachHistory(check: (rules: Rules, events: ActorEvent[]) => void): void {
  fc.assert(fc.property(arbitrary.rules, arbitrary.history, check), RUNS);
}

function actorOf(rules: Rules): Step {
  const machine = createPresenceMachine(rules);
  const actor = createActor(machine, { input: { userId: "alice" } }).start();
  return (_, event) => {
    const before = actor.getSnapshot();
    actor.send(event);
    const after = actor.getSnapshot();
    expect(after.value).toBe(after.context.record.state);
    return { record: after.context.record, effects: after === before ? [] : after.context.effects };
  };
}

test("the host's table chooses for every event what XState's own transition chooses", () => {
  forEachHistory((rules, events) => {
    const machine = createPresenceMachine(rules);
    for (const { before, event, after, effects } of run(createTransition(rules), events)) {
      const context = { record: before, effects: [] };
      const [{ value, context: next }] = transition(
        machine,
        machine.resolveState({ value: before.state, context }),
        event,
      );
      expect(value).toBe(after.state);
      if (!isDeepStrictEqual(next, { record: after, effects }))
        expect({ event, ...next }).toEqual({ event, record: after, effects });
    }
  });
});

test("the host's transition, an XState actor and the reference model agree on every record and effect", () => {
  forEachHistory((rules, events) => {
    const host = run(createTransition(rules), events);
    const actor = run(actorOf(rules), events);
    const model = run(createReferenceModel(rules), events);
    for (const [index, { event, after, effects }] of host.entries()) {
      expect({ event, after, effects }).toEqual({
        event,
        after: model[index]!.after,
        effects: model[index]!.effects,
      });
      expect({ after, effects }).toEqual({ after: actor[index]!.after, effects: actor[index]!.effects });
    }
  });
});

/** Orders that leave no trace in the record: given again, they do no harm. */
const isRepeatable = (type: string) => type === "persist" || type === "closeConnections";

test("an event that changes nothing returns the very same record, whose position then stands still", () => {
  forEachHistory((rules, events) => {
    for (const { before, event, after, effects } of run(createTransition(rules), events)) {
      if (after === before) {
        if (event.type === "look" && before.state === "offline")
          expect(effects).toEqual([{ type: "persist" }]);
        else if (event.type !== "connected" || !(event.again || event.firstLogged))
          expect(effects).toEqual([]);
      } else {
        const { seq, now, ...rest } = after;
        expect(rest).not.toEqual({ ...before, seq: undefined, now: undefined });
        expect({ seq, now }).toEqual({ seq: event.seq, now: Math.max(before.now, event.now) });
      }
    }
  });
});

test("a worker that resumes from any saved record, at any earlier position, ends where the first one did", () => {
  const property = fc.property(
    arbitrary.rules,
    arbitrary.history,
    fc.nat(),
    fc.nat(),
    (rules, events, n, m) => {
      fc.pre(events.length > 0);
      const step = createTransition(rules);
      const first = run(step, events);
      const savedAt = n % events.length;
      const resumedAt = m % (savedAt + 1);
      const skipSeen: Step = (record, event) =>
        event.seq <= record.seq ? { record, effects: [] } : step(record, event);

      const saved = first[savedAt]!.after;
      for (const [index, replayed] of run(skipSeen, events.slice(resumedAt), saved).entries()) {
        const original = first[resumedAt + index]!;
        if (resumedAt + index <= savedAt) {
          expect(replayed.after).toBe(saved);
          expect(replayed.effects.filter(({ type }) => !isRepeatable(type))).toEqual([]);
        } else {
          expect(replayed.after).toEqual(original.after);
          expect(replayed.effects).toEqual(original.effects);
        }
      }
    },
  );
  fc.assert(property, RUNS);
});

test("no user stays shown online once all deadlines have passed without an event", () => {
  forEachHistory((rules, events) => {
    const step = createTransition(rules);
    const last = run(step, events).at(-1)?.after ?? emptyRecord("alice");
    const silence = [1, 2, 3].map((n) => logged(timeout, last.seq + 1_000 + n, FAR + n * 1_000 * SECOND, 99));
    const end = run(step, silence, last).at(-1)!.after;
    expect(end.state).toBe("offline");
    expect(end.shown?.isOnline ?? false).toBe(false);
    expect(nextDeadline(end, 0)).toBeNull();
  });
});

test("versions only rise, each at most once, and carry the position of the event that moved them", () => {
  forEachHistory((rules, events) => {
    for (const { before, event, after } of run(createTransition(rules), events)) {
      if (after.shown === before.shown) continue;
      // What only the row showed of who is hidden now is as old as their departure.
      const isFromRow = before.shown === null && after.shown?.cause === "disconnect" && !after.shown.isOnline;
      const at = isFromRow ? after.shown?.lastSeen : event.date;
      expect(after.shown).toMatchObject({ version: event.seq, epoch: event.epoch, at });
      if (before.shown) expect(compareVersions(after.shown!, before.shown)).toBeGreaterThan(0);
    }
  });
});

test("while a user is invisible nothing changes that viewers can see, but a look that ends at its time", () => {
  forEachHistory((rules, events) => {
    for (const { before, event, after } of run(createTransition(rules), events)) {
      if (before.availability !== "invisible" || after.availability !== "invisible") continue;
      if (before.shown === null) {
        expect(after.shown?.isOnline ?? false).toBe(false);
        continue;
      }
      expect(before.shown.isOnline).toBe(false);
      const { isOnline, lastActiveAt, lastSeen } = before.shown;
      const isEnd = (before.shown.expiresAt ?? Number.POSITIVE_INFINITY) <= event.date;
      if (event.type === "claim" || isEnd) {
        expect(after.shown).toMatchObject({ isOnline, lastActiveAt, lastSeen });
        continue;
      }
      expect(after.shown).toBe(before.shown);
      const { statusText: _, availabilityExpiresAt: __, ...row } = toRow(after);
      expect(toRow(before)).toMatchObject(row);
    }
  });
});

test("a departure that waited is dated when it happened, but before nothing of the person that is in the log since", () => {
  forEachHistory((rules, events) => {
    // One clock that never goes back, by which everything can be compared.
    let clock = T0;
    const steady = events.map((event) => {
      clock = Math.max(clock, event.now);
      return { ...event, now: clock, date: clock };
    });
    let changedAt = Number.NEGATIVE_INFINITY;
    for (const { before, event, after } of run(createTransition(rules), steady)) {
      if (before.shown?.isOnline && after.state === "offline" && event.type !== "deleted") {
        const isDeparture = event.type === "disconnected" || event.type === "session";
        const happenedAt = event.date - Math.floor((isDeparture && event.waitedMs) || 0);
        expect(after.lastSeen).toBe(Math.max(happenedAt, changedAt));
        expect(after.lastSeen).toBeGreaterThanOrEqual(after.lastActiveAt ?? 0);
        expect(after.shown?.lastSeen).toBe(after.lastSeen);
      }
      if (after !== before) changedAt = event.date;
    }
  });
});

test("what waited to be written decides nothing but dates", () => {
  forEachHistory((rules, events) => {
    const waited = run(createTransition(rules), events);
    const punctual = run(
      createTransition(rules),
      events.map((event) => ({ ...event, waitedMs: undefined })),
    );
    const decided = ({ state, deadline, zombieCause, connections, lastActiveAt, shown }: UserRecord) => ({
      ...{ state, deadline, zombieCause, lastActiveAt, ids: connections.map(({ id }) => id) },
      shown: shown && { ...shown, lastSeen: null, ...(shown.cause === "disconnect" && { at: null }) },
    });
    for (const [index, { after }] of waited.entries())
      expect(decided(after)).toEqual(decided(punctual[index]!.after));
  });
});

test("effects list exactly what changed, and every status can be published", () => {
  forEachHistory((rules, events) => {
    for (const { before, event, after, effects } of run(createTransition(rules), events)) {
      const kinds = effects.map((effect) => effect.type);
      const isDirectoryNews = after.directoryVersion !== before.directoryVersion;
      expect(kinds.includes("status")).toBe(after.shown !== before.shown || isDirectoryNews);
      expect(kinds.includes("erase")).toBe(event.type === "deleted");
      if (event.type === "deleted") continue;
      expect(kinds.includes("transition")).toBe(after.state !== before.state);
      if (after !== before || event.type !== "look") {
        expect(kinds.includes("persist")).toBe(!isDeepStrictEqual(toRow(after), toRow(before)));
      }
      if (after.shown)
        expect(statusMessageSchema.parse(toStatusMessage(after)).version).toBe(after.shown.version);
    }
  });
});

test("a record always agrees with its state", () => {
  forEachHistory((rules, events) => {
    for (const { after } of run(createTransition(rules), events)) {
      expect(after.deadline === null).toBe(after.state === "offline");
      expect(after.zombieCause !== null).toBe(after.state === "zombie");
      if (after.state === "online") expect([...after.connections, ...(after.sessions ?? [])]).not.toEqual([]);
      if (after.shown?.isOnline) expect(after.state).not.toBe("offline");
    }
  });
});

/** How long ago a sign of life was is compared with the date of the user's last activity. */
const isLate = (event: ActorEvent) =>
  (event.type === "connected" || event.type === "activity") && (event.idleMs ?? 0) > 0;

test("a jump of the broker's clock moves dates and no deadline, except the chosen end of an availability", () => {
  const isTimeless = (event: ActorEvent) =>
    event.type !== "availability" &&
    event.type !== "claim" &&
    !("profile" in event && event.profile.availabilityExpiresAt !== null);
  forEachHistory((rules, events) => {
    const timeless = events
      .filter(isTimeless)
      .map((event) => (isLate(event) ? { ...event, idleMs: 0 } : event));
    const jumped = run(createTransition(rules), timeless);
    const straight = run(
      createTransition(rules),
      timeless.map((event) => ({ ...event, date: event.now })),
    );
    for (const [index, { after }] of jumped.entries()) {
      const { state, deadline, now } = straight[index]!.after;
      expect({ state: after.state, deadline: after.deadline, now: after.now }).toEqual({
        state,
        deadline,
        now,
      });
    }
  });
});

test("neither records nor events are touched", () => {
  forEachHistory((rules, events) => {
    const step = createTransition(rules);
    run((record, event) => step(deepFreeze(record), deepFreeze(event)), events);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
