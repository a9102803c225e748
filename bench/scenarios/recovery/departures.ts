import { setTimeout as pause } from "node:timers/promises";
import type { BenchClient } from "../../fleet/clients.ts";
import { untilSeen } from "../../fleet/viewers.ts";
import type { Sample } from "../../scenario.ts";
import { GIVEN_UP_MS, measured, type Stage, TIMES } from "./stage.ts";

/** The ways in which a person goes, while nothing is broken. */

const BETWEEN_MS = 100;

/** Each goes by `leave`, one after the other; how long until every viewer has seen it. */
async function goOneByOne(
  { viewers, take, arrive }: Stage,
  count: number,
  leave: (client: BenchClient) => void,
): Promise<number[]> {
  const clients = await arrive(take(count), 0);
  const delays: Promise<number[]>[] = [];
  for (const client of clients) {
    const since = performance.now();
    leave(client);
    delays.push(untilSeen(viewers, [client.userId], false, { since, withinMs: GIVEN_UP_MS }));
    await pause(BETWEEN_MS);
  }
  const seenAfter = (await Promise.all(delays)).flat();
  // A silent client still holds a socket here.
  for (const { raw } of clients) raw.vanish();
  return seenAfter;
}

/** `disconnect()`: says goodbye. */
export async function cleanLeave(stage: Stage): Promise<Sample> {
  const delays = await goOneByOne(stage, 20, ({ raw }) => raw.leave());
  return measured("clean leave → offline", 150, delays);
}

/** The socket closes and nothing is said. */
export async function tabClosed(stage: Stage): Promise<Sample> {
  const delays = await goOneByOne(stage, 20, ({ raw }) => raw.vanish());
  return measured("tab closed → offline", TIMES.graceMs + 1_000, delays);
}

/** The socket stays open and answers nothing. */
export async function silentLoss(stage: Stage): Promise<Sample> {
  const delays = await goOneByOne(stage, 10, ({ raw }) => raw.freeze());
  const { pingMs, pingTimeoutMs, graceMs } = TIMES;
  return measured("silent loss → offline", pingMs + pingTimeoutMs + graceMs + 1_000, delays);
}

/** The socket stays open, without any activity. */
export async function idle({ viewers, take, arrive }: Stage): Promise<Sample> {
  const userIds = take(10);
  const since = performance.now();
  const clients = await arrive(userIds, 0, { isIdle: true });
  const delays = await untilSeen(viewers, userIds, false, { since, withinMs: GIVEN_UP_MS });
  for (const { raw } of clients) raw.vanish();
  return measured("idle → offline", TIMES.thresholdMs + TIMES.graceMs + 2_000, delays);
}
