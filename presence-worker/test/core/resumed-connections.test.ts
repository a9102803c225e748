import { LONGEST_IDLE_MS, type LogEvent } from "@meeshy/shared/events";
import { expect, test } from "vitest";
import type { Rules } from "../../src/core/actor.ts";
import { emptyRecord, nextDeadline, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import {
  activity,
  connected,
  disconnected,
  gatewayLost,
  logged,
  RULES,
  SECOND,
  T0,
  timeout,
} from "./support/events.ts";

/** What a connection says of its person that no one has opened: its client, or a background task, has. */

type Line = readonly [atS: number, event: LogEvent, jumpS?: number];

const resumed = (id: string, idleMs = LONGEST_IDLE_MS) => connected(id, "g2", { resumed: true, idleMs });
const drained = (id: string) => disconnected(id, "server shutting down");
const passive = (id: string) => connected(id, "g1", { passive: true, idleMs: LONGEST_IDLE_MS });
/** Sits there for long enough to be shown offline. */
const idle: Line[] = [
  [0, connected("a", "g1")],
  [300, timeout],
  [305, timeout],
];

function play(lines: readonly Line[], rules: Partial<Rules> = {}): UserRecord {
  const step = createTransition({ ...RULES, ...rules });
  return lines.reduce((record, [atS, event, jumpS = 0], index) => {
    const now = T0 + atS * SECOND;
    return step(record, logged(event, index + 1, now, 1, now + jumpS * SECOND)).record;
  }, emptyRecord("alice"));
}

test("an idle person whose client connects again by itself stays offline, and was last active when they were", () => {
  const end = play([...idle, [400, drained("a")], [401, resumed("c")]]);
  expect(end).toMatchObject({ state: "offline", lastActiveAt: T0, shown: { isOnline: false } });
  expect(end.connections.map(({ id }) => id)).toEqual(["c"]);
  expect(play([...idle, [400, drained("a")], [401, resumed("c")], [500, activity]])).toMatchObject({
    state: "online",
    lastActiveAt: T0 + 500 * SECOND,
  });
});

test("a token that is renewed by connecting again keeps no one online", () => {
  const renewals = [100, 200, 299].flatMap((atS, index): Line[] => [
    [atS, disconnected(index === 0 ? "a" : `r${index - 1}`, "token expired")],
    [atS + 1, resumed(`r${index}`)],
  ]);
  const end = play([[0, connected("a", "g1")], ...renewals, [301, timeout], [306, timeout]]);
  expect(end).toMatchObject({ state: "offline", lastActiveAt: T0, shown: { isOnline: false } });
});

test("a person who was active a moment ago comes back online, with the threshold that was left", () => {
  const cutOff: Line[] = [
    [0, connected("a", "g1")],
    [100, activity],
    [110, disconnected("a", "ping timeout")],
    [115, timeout],
  ];
  expect(play([...cutOff, [130, resumed("c")]])).toMatchObject({
    state: "online",
    lastActiveAt: T0 + 100 * SECOND,
    deadline: T0 + 400 * SECOND,
  });
});

test("a client that knows of an activity during a long cut brings its person back online", () => {
  const end = play([...idle, [310, disconnected("a", "ping timeout")], [900, resumed("c", 10 * SECOND)]]);
  expect(end).toMatchObject({ state: "online", lastActiveAt: T0, deadline: T0 + 1_190 * SECOND });
});

test("a jump of the broker's clock makes no one idle who comes back, and no one active", () => {
  const cut: Line[] = [
    [0, connected("a", "g1")],
    [10, disconnected("a", "ping timeout")],
    [16, timeout],
  ];
  expect(play([...cut, [20, resumed("c"), 3_600]]).state).toBe("online");
  expect(play([...cut, [20, resumed("c"), -3_600]]).state).toBe("online");
  expect(play([...idle, [400, drained("a")], [401, resumed("c"), -390]]).state).toBe("offline");
});

test("a new page is a sign of life, after an idle reconnect too", () => {
  const end = play([...idle, [400, drained("a")], [401, resumed("c")], [410, connected("p", "g2")]]);
  expect(end).toMatchObject({ state: "online", lastActiveAt: T0 + 410 * SECOND });
});

test("as many connections as a gateway's end took away count as returns, for a minute", () => {
  for (const end of [drained("a"), gatewayLost("g1")]) {
    const lost: Line[] = [...idle, [400, end]];
    expect(play([...lost, [402, connected("c", "g2")]])).toMatchObject({
      state: "offline",
      lastActiveAt: T0,
    });
    expect(play([...lost, [402, connected("c", "g2")], [403, connected("p", "g2")]]).state).toBe("online");
    expect(play([...lost, [461, connected("c", "g2")]]).state).toBe("online");
    // A client that says so is new, and takes no other's place.
    const page = connected("p", "g2", { resumed: false });
    expect(play([...lost, [402, page]])).toMatchObject({ state: "online", lastActiveAt: T0 + 402 * SECOND });
    expect(play([...lost, [402, page]]).returning).toMatchObject({ count: 1 });
    expect(play([...lost, [461, timeout]]).returning).toBeUndefined();
    expect(nextDeadline(play(lost), 0)).toBe(T0 + 460 * SECOND);
  }
});

test("whose client has come back before its gateway was found lost is not expected again", () => {
  const end = play([...idle, [400, resumed("c")], [406, gatewayLost("g1")]]);
  expect(end.returning).toBeUndefined();
});

test("a gateway that was found lost and announces its connections again leaves no one to expect", () => {
  const again = connected("a", "g3", { idleMs: 20 * SECOND, again: true });
  const end = play([
    [0, connected("a", "g1")],
    [10, gatewayLost("g1")],
    [20, again],
  ]);
  expect(end.returning).toBeUndefined();
});

test("passive connections show no one online and no one leaving, until an activity over one", () => {
  const syncs = [0, 10, 20].flatMap((atS): Line[] => [
    [atS, passive(`s${atS}`)],
    [atS + 3, disconnected(`s${atS}`, "client namespace disconnect")],
  ]);
  expect(play(syncs).shown).toBeNull();
  expect(
    play([
      [0, passive("s")],
      [1, activity],
    ]).state,
  ).toBe("offline");
  const acted = play([
    [0, passive("s")],
    [1, { ...activity, connectionId: "s" }],
  ]);
  expect(acted).toMatchObject({ state: "online", shown: { isOnline: true, cause: "activity" } });
  expect(acted.connections).toEqual([{ id: "s", gatewayId: "g1", device: null, since: T0 }]);
});

test("who leaves their last connection is offline, whatever listens in the background", () => {
  const end = play([
    [0, connected("a", "g1")],
    [1, passive("s")],
    [2, disconnected("a", "client namespace disconnect")],
  ]);
  expect(end).toMatchObject({ state: "offline", shown: { isOnline: false, cause: "disconnect" } });
});

test("of one device at a time, a passive connection takes no other's place until it is used", () => {
  const rules = { multiDevice: "replace" } as const;
  const both: Line[] = [
    [0, connected("a", "g1")],
    [1, passive("s")],
  ];
  expect(play(both, rules).connections.map(({ id }) => id)).toEqual(["a", "s"]);
  const used = play([...both, [2, { ...activity, connectionId: "s" }]], rules);
  expect(used.connections.map(({ id }) => id)).toEqual(["s"]);
});
