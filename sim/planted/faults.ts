/** A fault that was mended, put back into the product's own code in memory. */
export interface PlantedFault {
  name: string;
  /** which part of the corpus finds it */
  profile: "storm" | "calm";
  /** the rules of which at least one must report it */
  shows: readonly string[];
  edits: readonly Edit[];
}

/** Text to be found once in a file of the repository, and what takes its place. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: "1: a publisher that writes nothing for a day is forgotten",
    profile: "calm",
    shows: ["not shown", "not logged", "closed unasked"],
    edits: [
      {
        file: "presence-worker/src/core/publishers.ts",
        find: "if (entry.lost && now - entry.at > LOST_MEMORY_MS) remove(id);",
        replace: "if (now - entry.at > LOST_MEMORY_MS) remove(id);",
      },
      {
        file: "presence-worker/src/core/publishers.ts",
        find: "if (faults.size === 0) return NONE;",
        replace: "if (faults.size >= 0) return NONE;",
      },
    ],
  },
  {
    name: "4: a record over the broker's limit is sent again for ever",
    profile: "storm",
    shows: ["checkpoint stalled"],
    edits: [
      {
        file: "presence-worker/src/io/record-store.ts",
        find: "let maxBytes = RECORD_MAX_BYTES;",
        replace: "let maxBytes = Number.POSITIVE_INFINITY * RECORD_MAX_BYTES;",
      },
      {
        file: "presence-worker/src/io/record-store.ts",
        find: "if (isTooLarge(error)) maxBytes = bytes >> 1;",
        replace: "",
      },
      {
        file: "presence-worker/src/io/record-store.ts",
        find: "if (!isTooLarge(error)) {",
        replace: "if (error) {",
      },
    ],
  },
  {
    name: "5: last values are written anew by the time of timeouts",
    profile: "calm",
    shows: ["not shown", "closed unasked"],
    edits: [
      {
        file: "presence-worker/src/host/partition-host.ts",
        find: "const date = this.#deps.board.brokerTime();",
        replace: "const { proven = 0, offset } = this.#users.memory().clock; const date = proven + offset;",
      },
    ],
  },
  {
    name: "6: an order to close sockets is sent three times at once, and not compared with",
    profile: "storm",
    shows: ["order lost", "not shown"],
    edits: [
      {
        file: "gateway/src/sockets/reconcile.ts",
        find: "if (!stopped) next = clock.after(ms, () => void run());",
        replace: "if (!stopped && ms < 0) next = clock.after(ms, () => void run());",
      },
      {
        file: "presence-worker/src/io/gateway-commands.ts",
        find: "if (attempt < ATTEMPTS) await bus.clock.sleep(RETRY_MS);",
        replace: "if (attempt < ATTEMPTS) await bus.clock.sleep(RETRY_MS / 500);",
      },
    ],
  },
  {
    name: "7: partition time follows the clock of the last sweeper alone",
    profile: "storm",
    shows: ["false offline", "not shown", "ghost"],
    edits: [
      {
        file: "presence-worker/src/core/clock.ts",
        find: "driftBetween(clock, earlier, later) <= IN_STEP_MS;",
        replace: "driftBetween(clock, earlier, later) <= IN_STEP_MS * 1e9;",
      },
      {
        file: "presence-worker/src/core/clock.ts",
        find: "Math.max(0, Math.min(brokerPassed(clock, earlier, later), later.elapsed - earlier.elapsed));",
        replace: "Math.max(0, Math.min(Number.POSITIVE_INFINITY, later.elapsed - earlier.elapsed));",
      },
      {
        file: "presence-worker/src/core/clock.ts",
        find: "return Math.max(proven + Math.min(passed, BETWEEN_MS), Math.min(measured, proven + passed));",
        replace: "return measured + 0 * BETWEEN_MS;",
      },
      {
        file: "presence-worker/src/core/clock.ts",
        find: "const keepsBasis = basis && measured === time && driftBetween(clock, basis, read) <= IN_STEP_MS / 2;",
        replace: "const keepsBasis = basis && measured === time;",
      },
    ],
  },
  {
    name: "8: an acknowledgement is waited for a second, and does not count after that",
    profile: "storm",
    shows: ["endless resends", "not logged", "false offline"],
    edits: [
      {
        file: "shared/src/nats/patience.ts",
        find: "return Math.min(MOST_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, measured));",
        replace: "return MIN_PATIENCE_MS + 0 * Math.min(MOST_PATIENCE_MS, measured);",
      },
      {
        file: "shared/src/nats/ack-tracker.ts",
        find: "} else if (isLate) entry.ifLate.onLate?.(answer);",
        replace: "} else if (isLate) return;",
      },
    ],
  },
  {
    name: "11: dates are partition time",
    profile: "storm",
    shows: ["wrong date"],
    edits: [
      {
        file: "presence-worker/src/core/partition.ts",
        find: "const date = this.#time ?? 0;",
        replace: "const date = now;",
      },
    ],
  },
  {
    name: "12: nothing of dead processes is ever removed",
    profile: "calm",
    shows: ["growth"],
    edits: [
      {
        file: "sweeper/src/io/housekeeping.ts",
        find: "if (isLooking || receivingSince === null) return;",
        replace: "if (isLooking || receivingSince !== undefined) return;",
      },
    ],
  },
  {
    name: "13: a status with a value of a later release is not read at all",
    profile: "storm",
    shows: ["not shown", "ghost", "disagreement"],
    edits: [
      {
        file: "gateway/src/feed/read-status.ts",
        find: "const status = inKnownValues(written);",
        replace: "const status = written === text ? inKnownValues(text) : written;",
      },
    ],
  },
  {
    name: "14: the record of a closed account forgets that its sockets were ordered to be closed",
    profile: "storm",
    shows: ["order lost", "ghost", "deleted came back"],
    edits: [
      {
        file: "presence-worker/src/core/connections.ts",
        find: "if (closedUpTo === undefined || event.type",
        replace: "if (closedUpTo !== null || event.type",
      },
    ],
  },
  {
    name: "15: the default in a deleted account's record is taken for a choice",
    profile: "storm",
    shows: ["privacy"],
    edits: [
      {
        file: "presence-worker/src/core/steps.ts",
        find: 'stored: "unknown",',
        replace: "",
      },
    ],
  },
  {
    name: "16: a look is judged by the broker's clock, which may have jumped since the last timeout",
    profile: "storm",
    shows: ["false offline"],
    edits: [
      {
        file: "presence-worker/src/core/partition.ts",
        find: '"look" ? (this.#clock.proven ?? record.now) :',
        replace: '"look" ? (this.#clock.now ?? record.now) :',
      },
    ],
  },
  {
    name: "17: a lease that a replica counts otherwise is refused for ever",
    profile: "storm",
    shows: ["not shown", "ghost", "checkpoint stalled", "deleted came back"],
    edits: [
      {
        file: "shared/src/nats/lease-board.ts",
        find: "if (!isConflict(error) || (shown?.revision ?? 0) !== expected) throw error;",
        replace: "if (!isConflict(error) || expected >= 0) throw error;",
      },
    ],
  },
  {
    name: "18: who was cut off takes a log that was trimmed for its next owner for a lost one",
    profile: "calm",
    shows: ["epoch without a loss"],
    edits: [
      {
        file: "presence-worker/src/host/raise-epoch.ts",
        find: "if (!(await verify()))",
        replace: "if (!verify)",
      },
    ],
  },
];
