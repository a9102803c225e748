import type { LogEvent } from "@meeshy/shared/events";
import { describe, expect, test } from "vitest";
import type { Rules } from "../../../src/core/actor.ts";
import { emptyRecord, type Shown, type UserRecord } from "../../../src/core/record.ts";
import { createTransition, type Transition } from "../../../src/core/transition.ts";
import {
  activity,
  connected,
  deleted,
  directoryNews,
  disconnectAll,
  disconnected,
  gatewayLost,
  logged,
  look,
  profile,
  RULES,
  SECOND,
  setAvailability,
  T0,
  timeout,
} from "./events.ts";

/** When every event of a table happens. */
export const NOW = T0 + 1_000 * SECOND;

const EVENTS: Record<string, LogEvent> = {
  "c connects": connected("c", "g2"),
  "a connects": connected("a", "g1"),
  "a connects elsewhere": connected("a", "g2"),
  "c is announced, idle": connected("c", "g2", { idleMs: RULES.offlineThresholdMs, again: true }),
  "a leaves cleanly": disconnected("a", "client namespace disconnect"),
  "a is closed by admin": disconnected("a", "admin"),
  "a is lost": disconnected("a", "transport close"),
  "x is lost": disconnected("x", "transport close"),
  "g1 is lost": gatewayLost("g1"),
  "g9 is lost": gatewayLost("g9"),
  activity,
  "activity of long ago": { ...activity, idleMs: RULES.offlineThresholdMs },
  timeout,
  look: look(),
  "all disconnected": disconnectAll,
  "sets busy": setAvailability("busy"),
  "sets invisible": setAvailability("invisible"),
  "sets available": setAvailability("available"),
  "directory news": directoryNews(),
  "is deleted": deleted,
};

const a = { id: "a", gatewayId: "g1", device: null, since: T0 };
const b = { id: "b", gatewayId: "g2", device: null, since: T0 };

export const onA = [a];
export const onAB = [a, b];

/** What viewers were shown at `T0`. */
export function shown(overrides: Partial<Shown> = {}): Shown {
  return {
    isOnline: true,
    availability: "available",
    statusText: null,
    lastActiveAt: T0,
    lastSeen: T0 - 3_000 * SECOND,
    epoch: 1,
    version: 7,
    cause: "connect",
    at: T0,
    ...overrides,
  };
}

/** A record of a user known since `T0`, last active then. */
export function known(overrides: Partial<UserRecord>): UserRecord {
  const { username, isAnonymous, conversationIds } = profile();
  return {
    ...emptyRecord("alice"),
    seq: 7,
    now: T0,
    person: { username, isAnonymous, conversationIds },
    lastActiveAt: T0,
    lastSeen: T0 - 3_000 * SECOND,
    shown: shown({ isOnline: overrides.state !== "offline" }),
    ...overrides,
  };
}

/** A user who was shown leaving and is connected all the same. */
export const invisible = {
  availability: "invisible",
  shown: shown({ isOnline: false, cause: "disconnect" }),
} as const;

/**
 * Runs a table of outcomes: a heading, then a line for each event that may happen to `given` at `NOW`.
 * `until` is the deadline from `NOW`; `same` stands for the very same record and no effects. Unless
 * `only` some events matter, there must be a line for every one.
 */
export function describeTable(
  name: string,
  {
    given,
    table,
    rules = RULES,
    only = false,
  }: { given: UserRecord; table: string; rules?: Rules; only?: boolean },
): void {
  const rows = table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const transition = createTransition(rules);

  describe(name, () => {
    test.each(rows)("%s → %s", (name, ...expected) => {
      const event = EVENTS[name!]!;
      expect(outcome(given, transition(given, logged(event, 20, NOW)))).toEqual(expected);
    });
    if (only) return;
    test("every event has a line", () => {
      expect(rows.map(([event]) => event)).toEqual(Object.keys(EVENTS));
    });
  });
}

function outcome(before: UserRecord, { record, effects }: Transition): string[] {
  if (record === before && effects.length === 0) return ["same"];
  const find = <T extends Transition["effects"][number]["type"]>(type: T) =>
    effects.find(
      (effect): effect is Extract<Transition["effects"][number], { type: T }> => effect.type === type,
    );
  const history = find("transition");
  const closed = find("closeConnections");
  return [
    record.state,
    record.connections.map(({ id, gatewayId }) => `${id}@${gatewayId}`).join(" ") || "-",
    record.deadline === null ? "-" : `${(record.deadline - NOW) / SECOND}s`,
    find("status") && record.shown ? format(record.shown) : "-",
    find("persist") ? "yes" : "-",
    history ? `${history.from}→${history.to} ${history.cause}` : "-",
    closed ? `${closed.reason} ${JSON.stringify(closed.byGateway).replaceAll('"', "")}` : "-",
  ];
}

function format({ isOnline, availability, statusText, cause }: Shown): string {
  const words = [isOnline ? "online" : "offline", availability, statusText, `(${cause})`];
  return words.filter((word) => word !== null && word !== "available").join(" ");
}
