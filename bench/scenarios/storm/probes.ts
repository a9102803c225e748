import { setTimeout as pause } from "node:timers/promises";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { within } from "@meeshy/shared/within";
import { openClient } from "../../fleet/clients.ts";
import type { System } from "../../systems/system.ts";

/** People who come and go on one front, one after the other, and how long viewers wait to see that they left. */
export interface Probes {
  start(): void;
  /** What a viewer does with each status it receives; viewers of one side are counted together. */
  noteAt(side: string): (status: UserStatus) => void;
  /** ms from a leave to its receipt at viewers of that side, since they were taken last. */
  take(side: string): number[];
  /** how many visits a front refused; of these no one sees anything */
  refused(): number;
  /** Ends them; rejects unless exactly `viewers` of that side have seen every leave. */
  stop(side: string, viewers: number): Promise<void>;
}

const STAYS_MS = 250;
const IN_WITHIN_MS = 10_000;
const SEEN_WITHIN_MS = 10_000;

export function createProbes(system: System, userIds: readonly string[], front: number): Probes {
  const leftAt = new Map<string, number>();
  const delays = new Map<string, number[]>();
  const seen = new Map<string, number>();
  let leaves = 0;
  let refused = 0;
  let isOver = false;
  let visits: Promise<void> | undefined;

  const visit = async () => {
    for (let n = 0; !isOver; n++) {
      const userId = userIds[n % userIds.length] as string;
      const client = openClient(system, userId, front);
      const isIn = await within(client.authenticated, IN_WITHIN_MS).then(
        () => true,
        () => false,
      );
      await pause(STAYS_MS);
      if (!isIn) {
        refused++;
        client.raw.vanish();
        continue;
      }
      leftAt.set(userId, performance.now());
      leaves++;
      client.raw.leave();
    }
  };
  return {
    start() {
      visits = visit();
      visits.catch(() => {}); // `stop` rejects with it
    },
    noteAt: (side) => (status) => {
      const since = leftAt.get(status.userId);
      if (since === undefined || status.isOnline) return;
      seen.set(side, (seen.get(side) ?? 0) + 1);
      const waits = delays.get(side) ?? [];
      delays.set(side, waits);
      waits.push(performance.now() - since);
    },
    take(side) {
      const taken = delays.get(side) ?? [];
      delays.delete(side);
      return taken;
    },
    refused: () => refused,
    async stop(side, viewers) {
      isOver = true;
      await visits;
      const expected = leaves * viewers;
      const what = `${system.kind}: ${leaves} leaves at ${viewers} viewers`;
      await eventually(() => (seen.get(side) ?? 0) >= expected, { within: SEEN_WITHIN_MS, what });
      if (seen.get(side) !== expected) throw new Error(`${what}: ${seen.get(side)} receipts`);
    },
  };
}
