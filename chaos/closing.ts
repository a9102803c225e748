import { setTimeout as pause } from "node:timers/promises";
import { DATABASE_CATCHES_UP_MS, DATABASE_FOLLOWS_MS, DELIVERY_MS } from "./oracle/bounds.ts";
import { readRows, storedMessages } from "./oracle/database.ts";
import type { Difference, Finding } from "./oracle/finding.ts";
import { covers } from "./oracle/intervals.ts";
import { differencesOf, newestShown } from "./oracle/rules/reads.ts";
import { truthsOf, unexcused } from "./oracle/world.ts";
import { recover, recoversWithin } from "./recovery.ts";
import type { Session } from "./session.ts";
import { TIMES } from "./times.ts";

const LOOK_EVERY_MS = 250;

/** Lets everything come to rest, then compares the last views and the database with the truth. */
export async function close(
  session: Session,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { fleet, look } = session;
  fleet.calm();
  const { left } = await recover(look, untilSettled(session, signal), TIMES, recoversWithin(TIMES), signal);
  const views = left.map(({ about, text }) => ({ about, text: `not right at the end: ${text}` }));
  say(views.length === 0 ? "at the end every view is right" : `at the end ${views.length} views are wrong`);
  const rows = await databaseDifferences(session, signal);
  say(
    rows.length === 0
      ? "the database agrees"
      : `the database differs: ${rows
          .slice(0, 3)
          .map(({ text }) => text)
          .join("; ")}`,
  );
  const at = performance.now();
  return [...views, ...rows].map((difference) => ({ column: "lost", at, ...difference }));
}

/** Who is online now; nothing is said of those of whom both may be shown. */
function truthNow({ history }: Session): { isOnline: Map<string, boolean>; open: number } {
  const truths = truthsOf(history, unexcused(history));
  const now = performance.now();
  const isOnline = new Map<string, boolean>();
  for (const [userId, { online, offline }] of truths) {
    if (covers(online, now, now)) isOnline.set(userId, true);
    if (covers(offline, now, now)) isOnline.set(userId, false);
  }
  return { isOnline, open: truths.size - isOnline.size };
}

async function untilSettled(session: Session, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + recoversWithin(TIMES);
  while (truthNow(session).open > 0 && performance.now() < deadline) {
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function databaseDifferences(session: Session, signal: AbortSignal): Promise<Difference[]> {
  const { history, pool } = session;
  const { isOnline } = truthNow(session);
  const shown = newestShown(history);
  const returned = Math.max(
    ...history.faults.filter(({ component }) => component === "database").map(({ endedAt }) => endedAt),
    Number.NEGATIVE_INFINITY,
  );
  const deadline = Math.max(
    performance.now() + DATABASE_FOLLOWS_MS + DELIVERY_MS,
    returned + DATABASE_CATCHES_UP_MS,
  );
  for (;;) {
    const differences = await readRows(pool).then(
      (read) => differencesOf(read, isOnline, shown),
      (error) => [{ about: null, text: `the database cannot be read: ${error}` }],
    );
    if (differences.length === 0) break;
    if (performance.now() > deadline) return differences;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
  const ids = history.messages.map(({ id }) => id);
  const stored = await storedMessages(pool, ids);
  return ids
    .filter((id) => !stored.has(id))
    .map((id) => ({ about: null, text: `message ${id} was acknowledged and has no row` }));
}
