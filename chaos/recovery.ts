import { setTimeout as pause } from "node:timers/promises";
import type { Fleet } from "./fleet/fleet.ts";
import { goneWithGateway, goneWithin, quietMs, SNAPSHOT_SPREAD_MS } from "./oracle/bounds.ts";
import { differencesNow } from "./oracle/convergence.ts";
import type { Difference } from "./oracle/finding.ts";
import type { History, Times } from "./oracle/history.ts";
import { companionsOf, createTruthsNow } from "./oracle/world.ts";

/** What is wrong at one moment, from the viewers' side. */
export type Look = () => Difference[];

/** A client that has been without a view for longer is not served. */
const UNSERVED_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 250;

export function createLook(history: History, fleet: Fleet): Look {
  const companions = companionsOf(history.members);
  const truthsNow = createTruthsNow(history);
  return () => {
    const now = performance.now();
    const unserved = fleet.unserved(UNSERVED_AFTER_MS);
    return [
      ...(unserved === 0 ? [] : [{ about: null, text: `${unserved} clients without a view` }]),
      ...differencesNow(truthsNow(now), fleet.viewers(), companions, now),
    ];
  };
}

export interface Recovery {
  /** ms from `since` until the last moment at which anything was wrong; null: it still is */
  recoveryMs: number | null;
  /** what was still wrong when the time was over */
  left: Difference[];
  /** what was wrong last, if anything was */
  last: string | undefined;
}

/**
 * Looks until nothing is wrong any more and has not been for as long as it takes every change of before to
 * count (its grace, and a second), or until `within` ms after `ended` resolved. Rejects when `ended` does.
 */
export async function recover(
  look: Look,
  ended: Promise<void>,
  times: Times,
  within: number,
  signal: AbortSignal,
): Promise<Recovery> {
  const since = performance.now();
  const quiet = times.graceMs + 1_000;
  let endedAt = Number.POSITIVE_INFINITY;
  let failure: unknown;
  ended.then(
    () => {
      endedAt = performance.now();
    },
    (error) => {
      failure = error;
    },
  );
  let wrongAt = since;
  let last: string | undefined;
  for (;;) {
    if (failure !== undefined) throw failure;
    const left = look();
    const now = performance.now();
    if (left.length > 0) {
      wrongAt = now;
      last = left[0]?.text;
    }
    if (now - Math.max(wrongAt, endedAt) >= quiet) return { recoveryMs: wrongAt - since, left: [], last };
    if (now - endedAt > within) return { recoveryMs: null, left, last };
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The longest that any guarantee gives, from the end of a fault, with the time to look. */
export function recoversWithin(times: Times): number {
  const { graceMs } = times;
  const slowest = Math.max(goneWithGateway(true, times), goneWithin("frozen", times), SNAPSHOT_SPREAD_MS);
  return quietMs(times) + slowest + graceMs + 1_000;
}
