/**
 * Partition time: the broker's time less an offset (DESIGN "Time"). A broker clock that jumps is found
 * out by the sweepers, whose timeouts carry their own monotonic clocks: when the two intervals differ
 * by more than {@link JUMP_MS}, the difference moves the offset, so a jump declares nobody idle.
 */

export interface PartitionClock {
  /** broker time − partition time, ms */
  offset: number;
  /** the latest partition time; it never goes back, but for a jump that is undone */
  now: number;
  /** each sweeper's last timeout: in partition time, and on its own clock */
  sweepers: Record<string, { time: number; elapsed: number }>;
}

/** Drift between the broker's and a sweeper's clock that counts as a jump. */
export const JUMP_MS = 2_000;

export const initialClock = (): PartitionClock => ({ offset: 0, now: 0, sweepers: {} });

/** Advances to a message's broker time; gives the partition's time. */
export function advance(clock: PartitionClock, brokerTime: number): number {
  clock.now = Math.max(clock.now, brokerTime - clock.offset);
  return clock.now;
}

/**
 * Advances to a timeout's broker time. Gives how far the broker's clock has jumped since that sweeper's
 * last timeout (0: it has not); after a jump, partition time goes on where the sweeper's clock says.
 */
export function advanceByTimeout(
  clock: PartitionClock,
  brokerTime: number,
  sweeperId: string,
  elapsed: number,
): number {
  const last = clock.sweepers[sweeperId];
  const time = brokerTime - clock.offset;
  const drift = last === undefined ? 0 : time - last.time - (elapsed - last.elapsed);
  const jump = Math.abs(drift) > JUMP_MS ? drift : 0;
  clock.offset += jump;
  clock.sweepers[sweeperId] = { time: time - jump, elapsed };
  clock.now = jump === 0 ? Math.max(clock.now, time) : time - jump;
  return jump;
}
