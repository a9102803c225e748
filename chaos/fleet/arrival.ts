import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../random.ts";
import type { Client } from "./client.ts";

export interface Pace {
  /** the clients arrive one by one over this time, where the servers keep up, ms */
  withinMs: number;
  /**
   * So many of those who have arrived may be without a view: then the next one waits. The processes have just started and
   * run all their code for the first time; how many connects they bear is what the benchmark measures.
   */
  mostWaiting: number;
  /** after this time the others arrive all the same: that no client is served is for the run to find, ms */
  heldBackMs: number;
}

const PACE: Pace = { withinMs: 4_000, mostWaiting: 4, heldBackMs: 20_000 };
const LOOK_EVERY_MS = 20;

interface Arriving {
  client: Pick<Client, "unservedSince">;
}

/** Calls `enter` for each, in an order of chance. Resolves when all have arrived; rejects when `signal` aborts before. */
export async function arrive<A extends Arriving>(
  all: readonly A[],
  random: Random,
  enter: (one: A) => void,
  signal: AbortSignal,
  { withinMs, mostWaiting, heldBackMs }: Pace = PACE,
): Promise<void> {
  const since = performance.now();
  const due = all
    .map((one) => ({ one, at: since + random.between(0, withinMs) }))
    .sort((a, b) => a.at - b.at);
  const arrived: A[] = [];
  const waiting = () => arrived.filter(({ client }) => client.unservedSince() !== null).length;
  const isHeldBack = () => waiting() >= mostWaiting && performance.now() < since + heldBackMs;
  for (const { one, at } of due) {
    await pause(Math.max(0, at - performance.now()), undefined, { signal });
    while (isHeldBack()) await pause(LOOK_EVERY_MS, undefined, { signal });
    enter(one);
    arrived.push(one);
  }
}
