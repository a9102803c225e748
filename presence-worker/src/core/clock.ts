/**
 * Partition time: the broker's time less an offset (DESIGN "Time"). Deadlines are judged by it, and only its
 * intervals mean anything; dates are the broker's own.
 *
 * A broker clock that jumps is found out by the sweepers, whose timeouts carry their own monotonic clocks. A timeout
 * whose interval differs from its sweeper's by more than {@link JUMP_MS} is only a suspicion, since a message that was
 * held up on the way looks the same. If the sweeper's next one keeps step with it, either the broker's clock has
 * jumped or the sweeper's stood still (a stunned virtual machine). Two sweepers could contradict each other for ever
 * about that, so one of them is followed: only the reference moves the offset. Another that is out of step with itself
 * begins anew from where it is, once the reference has been heard in step after it; it takes the reference's place
 * when that has been silent for {@link SILENT_MS} by its own clock. A stun longer than JUMP_MS is also such a silence,
 * so while another sweeper writes, no stun moves the offset.
 *
 * Bounds: partition time runs ahead of true time by at most 2 × JUMP_MS a jump of the broker, and never leaps. A stun
 * of the only sweeper makes it fall behind by as much, once: deadlines come later, and then it runs on at true speed.
 */

interface Reading {
  /** partition time of a timeout */
  time: number;
  /** the sweeper's own clock in it */
  elapsed: number;
}

/** A sweeper's last timeout in step. */
interface SweeperClock extends Reading {
  /** a timeout after it that was not in step */
  suspect: Reading | null;
  /** the reference was heard in step after the suspect */
  isContradicted?: boolean | undefined;
  /** its first timeout since the reference's last; absent: it wrote none since */
  alone?: Reading | undefined;
}

export interface PartitionClock {
  /** broker time − partition time, ms */
  offset: number;
  /** the latest partition time; it never goes back, but for a jump that is undone */
  now: number;
  /** partition time of the last timeout that was trusted: behind it no correction goes */
  trusted?: number | undefined;
  sweepers: Record<string, SweeperClock>;
  /** the sweeper that is followed; absent: the next one heard */
  reference?: string | undefined;
}

/** Drift between the broker's and a sweeper's clock that may be a jump. */
export const JUMP_MS = 2_000;
/** Silence of the reference, by another sweeper's clock, after which that one is followed. Two timeouts lie in it. */
export const SILENT_MS = 1_000;
/** Two timeouts keep step when their intervals differ by no more: far less than they lie apart. */
const IN_STEP_MS = 200;
/** More than ever write at once; of others, those heard last are remembered. */
export const SWEEPERS_MAX = 16;

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

const UNTRUSTED: Ticked = { isTrusted: false, jump: 0 };
const TRUSTED: Ticked = { isTrusted: true, jump: 0 };

/** Advances to a timeout's broker time; after a jump, partition time goes on where the reference's clock says. */
export function advanceByTimeout(
  clock: PartitionClock,
  brokerTime: number,
  sweeperId: string,
  elapsed: number,
): Ticked {
  const { sweepers } = clock;
  const reading = { time: brokerTime - clock.offset, elapsed };
  const own = Object.hasOwn(sweepers, sweeperId) ? sweepers[sweeperId] : undefined;
  if (clock.reference === undefined || !Object.hasOwn(sweepers, clock.reference)) clock.reference = sweeperId;
  const isReference = clock.reference === sweeperId;
  if (own === undefined) {
    remember(clock, sweeperId, { ...reading, suspect: isReference ? null : reading });
    return isReference ? trust(clock, reading.time) : UNTRUSTED;
  }
  own.alone ??= reading;
  const leads = isReference || isSilenceBetween(own.alone, reading);
  const drift = driftBetween(own, reading);
  let ticked = UNTRUSTED;
  if (Math.abs(drift) <= JUMP_MS) {
    if (isNew(own) && !leads && !own.isContradicted) return UNTRUSTED;
    const missed = isNew(own) && leads && !isReference ? pendingDrift(clock) : 0;
    if (missed !== 0) ticked = jump(clock, own, reading, missed);
    else {
      begin(own, reading);
      ticked = trust(clock, reading.time);
    }
    if (leads) follow(clock, sweeperId, true);
  } else if (own.suspect === null || Math.abs(driftBetween(own.suspect, reading)) > IN_STEP_MS) {
    if (isNew(own)) Object.assign(own, reading);
    own.suspect = reading;
    own.isContradicted = false;
    if (isReference) follow(clock, sweeperId, false);
  } else if (leads) {
    ticked = jump(clock, own, reading, isReference ? drift : driftOfSuccessor(clock, reading, drift));
    follow(clock, sweeperId, true);
  } else if (own.isContradicted) {
    begin(own, reading);
    ticked = trust(clock, reading.time);
  }
  return ticked;
}

/** Messages before it may have come while the broker's clock was wrong for a moment. */
function trust(clock: PartitionClock, time: number): Ticked {
  clock.now = clock.trusted = Math.max(time, clock.trusted ?? Number.NEGATIVE_INFINITY);
  return TRUSTED;
}

/** From here on a sweeper's intervals are measured. */
function begin(own: SweeperClock, { time, elapsed }: Reading): void {
  own.time = time;
  own.elapsed = elapsed;
  own.suspect = null;
  own.isContradicted = undefined;
}

/** The reference was heard: nobody else's clock measures its silence any more. */
function follow(clock: PartitionClock, reference: string, isInStep: boolean): void {
  clock.reference = reference;
  for (const other of Object.values(clock.sweepers)) {
    other.alone = undefined;
    if (isInStep && other.suspect !== null) other.isContradicted = true;
  }
}

/** Moves the offset. A sweeper that was not heard meanwhile begins anew: it may have missed the jump, or its cause. */
function jump(clock: PartitionClock, own: SweeperClock, reading: Reading, drift: number): Ticked {
  const time = Math.max(reading.time - drift, clock.trusted ?? Number.NEGATIVE_INFINITY);
  const moved = reading.time - time;
  clock.offset += moved;
  begin(own, { time, elapsed: reading.elapsed });
  for (const [id, other] of Object.entries(clock.sweepers)) {
    if (other !== own && (isNew(other) || other.alone === undefined)) delete clock.sweepers[id];
  }
  clock.now = clock.trusted = time;
  return { isTrusted: true, jump: moved };
}

/**
 * Behind its own last timeout a sweeper may be because of an offset that was moved while it was silent: as the new
 * reference it may not make time leap by that, only keep it from standing still.
 */
function driftOfSuccessor(clock: PartitionClock, { time }: Reading, drift: number): number {
  return drift > 0 ? drift : Math.min(0, time - clock.now);
}

/**
 * What the reference had seen last before it fell silent: for a new sweeper, which knows nothing of the time before, the
 * only sign of a jump. Were it a message that was held up, time would fall behind, and that is harmless.
 */
function pendingDrift({ sweepers, reference = "" }: PartitionClock): number {
  const last = Object.hasOwn(sweepers, reference) ? sweepers[reference] : undefined;
  return last?.suspect && !isNew(last) ? driftBetween(last, last.suspect) : 0;
}

function remember(clock: PartitionClock, sweeperId: string, sweeper: SweeperClock): void {
  const { sweepers } = clock;
  const known = Object.entries(sweepers).filter(([id]) => id !== clock.reference);
  if (known.length >= SWEEPERS_MAX - 1) {
    known.sort(([, a], [, b]) => a.time - b.time);
    for (const [id] of known.slice(0, known.length - SWEEPERS_MAX + 2)) delete sweepers[id];
  }
  sweepers[sweeperId] = sweeper;
}

/** A sweeper is in step with a jump that came just before its first timeout: the reference must be heard after that. */
const isNew = ({ suspect, elapsed }: SweeperClock): boolean => suspect?.elapsed === elapsed;

/** By both clocks: of timeouts that were held up and come at once, one alone would say so. */
const isSilenceBetween = (first: Reading, last: Reading): boolean =>
  last.elapsed - first.elapsed >= SILENT_MS && Math.abs(last.time - first.time) >= SILENT_MS;

const driftBetween = (earlier: Reading, later: Reading): number =>
  later.time - earlier.time - (later.elapsed - earlier.elapsed);
