import { epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { partitionProgressSchema } from "@meeshy/shared/partition-progress";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, PARTITIONS, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { isLater } from "@meeshy/shared/versions";
import { createTrimmer } from "../core/trim.ts";

/** Removes from the log what every partition has long passed, so that it does not grow for hours (ADR 0014). */
export interface LogTrimmer {
  /** Looks at the checkpoints, and removes what may go. `mayRemove` false: only forgets what it has noted. */
  look(mayRemove: boolean): Promise<void>;
}

export function createLogTrimmer(bus: Bus, board: LeaseBoard, logger: Logger, keptMs: number): LogTrimmer {
  const trimmer = createTrimmer(keptMs);
  return {
    async look(mayRemove) {
      const checkpoints = mayRemove ? checkpointsOn(board) : null;
      const below = trimmer.look({ now: bus.clock.now(), checkpoints });
      if (below === undefined) return;
      try {
        // Of a log that was made anew, this would remove what is new.
        if ((await bus.info(STREAM_EVENTS)).last < below) return;
        await bus.purge(STREAM_EVENTS, { below });
        logger.debug({ below }, "the log was trimmed");
      } catch (error) {
        logger.warn({ err: error, below }, "the log cannot be trimmed, later checkpoints will");
      }
    },
  };
}

/** Where each partition's log has to be read from; null unless all are known, and of the epoch of now. */
function checkpointsOn(board: LeaseBoard): number[] | null {
  const epochEntry = board.get(leaseKeys.epoch)?.value;
  const epoch = epochSchema.safeParse(epochEntry).data?.epoch;
  if (epoch === undefined || isLater("epoch", epochEntry)) return null;
  const positions: number[] = [];
  for (let p = 0; p < PARTITIONS; p++) {
    const value = board.get(leaseKeys.partition(p))?.value;
    const memory = isLater("lease", value)
      ? undefined
      : partitionProgressSchema.safeParse(value).data?.memory;
    if (memory?.epoch !== epoch) return null;
    positions.push(memory.seq);
  }
  return positions;
}
