/**
 * Partition time: the broker's time less an offset (DESIGN "Time"). A broker clock that jumps is found
 * out by the sweepers, whose timeouts carry their own monotonic clocks. A timeout whose interval differs
 * from its sweeper's by more than {@link JUMP_MS} is only a suspicion, since a message that was held up
 * on the way looks the same; the sweeper's next one tells. If that keeps step with the first, the clock
 * has jumped and the difference moves the offset; a delay leaves no trace.
 */

interface Reading {
  /** partition time of a timeout */
  time: number;
  /** the sweeper's own clock in it */
  elapsed: number;
}

export interface PartitionClock {
  /** broker time − partition time, ms */
  offset: number;
  /** the latest partition time; it never goes back, but for a jump that is undone */
  now: number;
  /** each sweeper's last timeout in step, and one after it that was not */
  sweepers: Record<string, Reading & { suspect: Reading | null }>;
}

/** Drift between the broker's and a sweeper's clock that may be a jump. */
export const JUMP_MS = 2_000;
/** Two timeouts keep step when their intervals differ by no more: far less than they lie apart. */
const IN_STEP_MS = 200;

export const initialClock = (): PartitionClock => ({ offset: 0, now: 0, sweepers: {} });

/** Advances to a message's broker time; gives the partition's time. */
export function advance(clock: PartitionClock, brokerTime: number): number {
  clock.now = Math.max(clock.now, brokerTime - clock.offset);
  return clock.now;
}

/** What a timeout says of the time. */
export interface Ticked {
  /** false: its time may be wrong, so no deadline may be judged by it */
  isTrusted: boolean;
  /** how far the broker's clock was found to have jumped; 0: it has not */
  jump: number;
}

/** Advances to a timeout's broker time; after a jump, partition time goes on where the sweeper's clock says. */
export function advanceByTimeout(
  clock: PartitionClock,
  brokerTime: number,
  sweeperId: string,
  elapsed: number,
): Ticked {
  const reading = { time: brokerTime - clock.offset, elapsed };
  const last = clock.sweepers[sweeperId];
  const drift = last === undefined ? 0 : driftBetween(last, reading);
  if (Math.abs(drift) <= JUMP_MS) {
    clock.sweepers[sweeperId] = { ...reading, suspect: null };
    clock.now = Math.max(clock.now, reading.time);
    return { isTrusted: true, jump: 0 };
  }
  const suspect = last?.suspect;
  if (
    last !== undefined &&
    (suspect === null || Math.abs(driftBetween(suspect as Reading, reading)) > IN_STEP_MS)
  ) {
    last.suspect = reading;
    return { isTrusted: false, jump: 0 };
  }
  clock.offset += drift;
  clock.now = reading.time - drift;
  clock.sweepers[sweeperId] = { time: clock.now, elapsed, suspect: null };
  return { isTrusted: true, jump: drift };
}

const driftBetween = (earlier: Reading, later: Reading): number =>
  later.time - earlier.time - (later.elapsed - earlier.elapsed);
