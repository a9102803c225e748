import { expect, test } from "vitest";
import { emptyRecord, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import { activity, connected, disconnected, logged, profile, RULES, SECOND, T0 } from "./support/events.ts";

/** What had to wait in its gateway: `atS` is when it came into the log, `waitedS` how long that was after it happened. */

type Line = readonly [atS: number, event: Parameters<typeof logged>[0], waitedS?: number];

function play(...lines: readonly Line[]): UserRecord {
  const step = createTransition(RULES);
  return lines.reduce((record, [atS, event, waitedS = 0], index) => {
    const inLog = logged(event, index + 1, T0 + atS * SECOND);
    return step(record, { ...inLog, waitedMs: waitedS * SECOND }).record;
  }, emptyRecord("alice"));
}

const leaves = (id: string) => disconnected(id, "client namespace disconnect");
const session = (ttlS: number) =>
  ({
    type: "session",
    ...{ sessionId: "desk", ttlS, device: null, keepOnline: false, profile: profile() },
  }) as const;

test("who left while their gateway had no link was last seen when they left", () => {
  const left = play([0, connected("a", "g1")], [60, leaves("a"), 8]);
  expect(left).toMatchObject({ state: "offline", lastSeen: T0 + 52 * SECOND });
  expect(left.shown).toMatchObject({ isOnline: false, lastSeen: T0 + 52 * SECOND, at: T0 + 60 * SECOND });
});

test("a session that ended while its gateway had no link is dated likewise", () => {
  const left = play([0, session(600)], [60, session(0), 8]);
  expect(left).toMatchObject({ state: "offline", lastSeen: T0 + 52 * SECOND });
});

test("a departure is not dated before what is in the log of the person since: another device, an activity", () => {
  const both = [
    [0, connected("a", "g1")],
    [0, connected("b", "g2")],
  ] as const;
  expect(play(...both, [57, leaves("b")], [60, leaves("a"), 8]).lastSeen).toBe(T0 + 57 * SECOND);
  const active = play([0, connected("a", "g1")], [55, activity], [60, leaves("a"), 8]);
  expect(active).toMatchObject({ lastSeen: T0 + 55 * SECOND, lastActiveAt: T0 + 55 * SECOND });
  expect(play([0, connected("a", "g1"), 9], [0, leaves("a"), 8]).lastSeen).toBe(T0);
});

test("a loss that has its grace is dated when that is over, as any loss", () => {
  const lost = play([0, connected("a", "g1")], [60, disconnected("a", "transport close"), 8]);
  expect(lost).toMatchObject({ state: "zombie", deadline: T0 + 65 * SECOND });
});

test("connections and sessions are open since they were opened", () => {
  const open = play(
    [60, connected("a", "g1"), 8],
    [60, connected("b", "g1", { passive: true }), 2],
    [60, session(600), 5],
  );
  expect(open.connections.map(({ since }) => since)).toEqual([T0 + 52 * SECOND, T0 + 58 * SECOND]);
  expect(open.sessions?.map(({ since }) => since)).toEqual([T0 + 55 * SECOND]);
});
