/** A fault that was mended, put back into the product's own code in memory. */
export interface PlantedFault {
  name: string;
  /** which part of the corpus finds it */
  profile: "storm" | "calm";
  /** the rules of which at least one must tell */
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
    shows: ["not shown", "not welcomed"],
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
    shows: ["checkpoint stands still"],
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
    shows: ["not shown"],
    edits: [
      {
        file: "presence-worker/src/host/partition-host.ts",
        find: "const date = deps.board.brokerTime();",
        replace: "const { proven = 0, offset } = partition.memory().clock; const date = proven + offset;",
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
    name: "7: the sweeper that was heard last says what time it is, by its own clock alone",
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
    shows: ["sent again and again", "not welcomed"],
    edits: [
      {
        file: "shared/src/nats/patience.ts",
        find: "return Math.min(MOST_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, measured));",
        replace: "return MIN_PATIENCE_MS + 0 * Math.min(MOST_PATIENCE_MS, measured);",
      },
      {
        file: "shared/src/nats/ack-tracker.ts",
        find: "} else if (isLate) entry.onLate?.(answer);",
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
        find: "const next = transition(record, { ...event, seq, epoch, now, date: time ?? 0 });",
        replace: "const next = transition(record, { ...event, seq, epoch, now, date: now });",
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
        find: "if (isLooking || hearingSince === null) return;",
        replace: "if (isLooking || hearingSince !== undefined) return;",
      },
    ],
  },
];
