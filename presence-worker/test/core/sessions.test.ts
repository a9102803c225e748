import { toBytes } from "@meeshy/shared/nats/last-value";
import { expect, test } from "vitest";
import { emptyRecord, isRetained, nextDeadline, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import { readRecord } from "../../src/io/stored-record.ts";
import {
  activity,
  connected,
  disconnectAll,
  disconnected,
  logged,
  profile,
  RULES,
  SECOND,
  T0,
  timeout,
} from "./support/events.ts";

/** Presence without a socket: a service keeps a user online for a time. */

type Event = Parameters<typeof logged>[0];
const session = (ttlS: number, { sessionId = "desk", keepOnline = false } = {}) => ({
  type: "session" as const,
  ...{ sessionId, ttlS, device: "desk phone", keepOnline, profile: profile() },
});
const bot = (ttlS: number) => session(ttlS, { sessionId: "bot", keepOnline: true });

function play(...lines: readonly (readonly [atS: number, event: Event])[]): UserRecord {
  const step = createTransition(RULES);
  return lines.reduce(
    (record, [atS, event], index) => step(record, logged(event, index + 1, T0 + atS * SECOND)).record,
    emptyRecord("alice"),
  );
}

test("a session shows its user online, and offline at once when it ends, by its service or by itself", () => {
  const open = play([0, session(60)]);
  expect(open).toMatchObject({ state: "online", shown: { isOnline: true, cause: "connect" } });
  expect(nextDeadline(open, 0)).toBe(T0 + 60 * SECOND);
  expect(play([0, session(60)], [10, session(0)]).shown).toMatchObject({
    isOnline: false,
    cause: "disconnect",
  });
  expect(play([0, session(60)], [59, timeout]).state).toBe("online");
  const over = play([0, session(60)], [60, timeout]);
  expect(over.shown).toMatchObject({ isOnline: false, cause: "connection-lost" });
  expect([over.sessions, isRetained(over)]).toEqual([undefined, false]);
});

test("renewing it is no sign of life: its user is idle after the threshold, and comes back with an activity", () => {
  const renewals = [100, 200, 290].map((atS) => [atS, session(600)] as const);
  const idle = play([0, session(600)], ...renewals, [300, timeout], [305, timeout]);
  expect(idle).toMatchObject({ state: "offline", lastActiveAt: T0, shown: { cause: "idle" } });
  const renewed = play([0, session(600)], ...renewals, [300, timeout], [305, timeout], [310, session(600)]);
  expect(renewed.state).toBe("offline");
  expect(play([0, session(600)], ...renewals, [300, timeout], [305, timeout], [310, activity]).state).toBe(
    "online",
  );
});

test("one that keeps its user online knows no idle threshold, and the threshold counts again after it", () => {
  const kept = play([0, bot(600)], [500, bot(600)], [1_000, timeout]);
  expect(kept).toMatchObject({ state: "online", lastActiveAt: T0, deadline: T0 + 1_100 * SECOND });
  const withSocket = play([0, connected("a", "g1")], [1, bot(600)], [500, session(0, { sessionId: "bot" })]);
  expect(withSocket).toMatchObject({ state: "online", deadline: T0 + 301 * SECOND });
  const after = play(
    ...([
      [0, connected("a", "g1")],
      [1, bot(600)],
      [500, session(0, { sessionId: "bot" })],
    ] as const),
    ...([
      [501, timeout],
      [506, timeout],
    ] as const),
  );
  expect(after).toMatchObject({ state: "offline", shown: { cause: "idle" } });
});

test("a socket and a session keep their user online for each other", () => {
  const socketLeft = play(
    [0, session(600)],
    [1, connected("a", "g1")],
    [2, disconnected("a", "client namespace disconnect")],
  );
  expect(socketLeft.state).toBe("online");
  expect(play([0, session(60)], [1, connected("a", "g1")], [60, timeout]).state).toBe("online");
});

test("an administrator's order ends sessions too", () => {
  expect(play([0, bot(600)], [1, disconnectAll])).toMatchObject({ state: "offline", sessions: undefined });
});

test("sessions are kept over a restart", () => {
  const record = play([0, bot(600)]);
  const read = readRecord(toBytes({ ...record, epoch: 1, statusSeq: 1, unsaved: [] }));
  expect(read?.record).toEqual(record);
});

test("a user has at most sixteen: another one ends the oldest", () => {
  const many = Array.from({ length: 17 }, (_, n) => [n, session(600, { sessionId: `s${n}` })] as const);
  expect(play(...many).sessions?.map(({ id }) => id)).toEqual(many.slice(1).map(([n]) => `s${n}`));
});
