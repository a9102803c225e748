import { setTimeout as pause } from "node:timers/promises";
import type { TestNats } from "@meeshy/shared/testing/servers";
import { durations } from "../../../chaos/report/stats.ts";
import { type BenchClient, openClient } from "../../fleet/clients.ts";
import { untilSeen, type Viewer } from "../../fleet/viewers.ts";
import type { Sample } from "../../scenario.ts";
import type { MeeshySystem } from "../../systems/meeshy.ts";

/** Times of the run, ms: the defaults of CONTRACT 2, but for the heartbeat and the idle threshold, which are cut down. */
export const TIMES = {
  pingMs: 2_000,
  pingTimeoutMs: 2_000,
  thresholdMs: 20_000,
  graceMs: 5_000,
  gatewayLeaseMs: 6_000,
  workerLeaseMs: 2_000,
};

/** A running stack, viewers on both of its gateways, and people to come and go. */
export interface Stage {
  system: MeeshySystem;
  nats: TestNats;
  viewers: Viewer[];
  /** Takes people who have not been used yet. */
  take(count: number): string[];
  /** Opens a socket for each on one gateway; resolves when all viewers see them. */
  arrive(userIds: readonly string[], front: number, options?: { isIdle?: boolean }): Promise<BenchClient[]>;
  say(line: string): void;
}

/** Far beyond every promise: what takes longer has failed. */
export const GIVEN_UP_MS = 60_000;
const ACTIVE_EVERY_MS = 4_000;
/** Four groups arrive at once in the beginning, a hundred people a second in all. */
const ARRIVE_EVERY_MS = 40;

export function createStage(parts: Omit<Stage, "take" | "arrive"> & { people: string[] }): Stage {
  const { system, viewers } = parts;
  const unused = [...parts.people];
  return {
    ...parts,
    take: (count) => unused.splice(0, count),
    async arrive(userIds, front, { isIdle = false } = {}) {
      const since = performance.now();
      const clients: BenchClient[] = [];
      for (const userId of userIds) {
        let acts: NodeJS.Timeout | undefined;
        const client = openClient(system, userId, front, { onClose: () => clearInterval(acts) });
        if (!isIdle) acts = setInterval(() => client.raw.emit("activity"), ACTIVE_EVERY_MS);
        clients.push(client);
        await pause(ARRIVE_EVERY_MS);
      }
      await untilSeen(viewers, userIds, true, { since, withinMs: GIVEN_UP_MS });
      return clients;
    },
  };
}

/** One line of the table: a guarantee and what was measured of it. */
export function measured(guarantee: string, promiseMs: number, delays: readonly number[]): Sample {
  return {
    subject: guarantee,
    figures: { "promise ms": promiseMs, ...durations(delays), times: delays.length },
  };
}
