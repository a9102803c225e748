import { initialClock, type PartitionClock } from "./clock.ts";
import type { PublisherEntry } from "./publishers.ts";

/** What a checkpoint holds of the partition besides its records. */
export interface PartitionMemory {
  epoch: number;
  /** log sequence of the last message applied */
  seq: number;
  /** broker time of that message, by which it is known again, ms; null: none of this epoch was applied yet */
  time: number | null;
  clock: PartitionClock;
  publishers: Record<string, PublisherEntry>;
  /**
   * partition time after which connections of gateways unheard in this epoch are dropped;
   * "armed": counted from the first message of the epoch; null: no need
   */
  reconcileAt: number | "armed" | null;
}

export const initialMemory = (epoch: number): PartitionMemory => ({
  epoch,
  seq: 0,
  time: null,
  clock: initialClock(),
  publishers: {},
  reconcileAt: null,
});
