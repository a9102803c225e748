/**
 * Partition time: how much time has passed, as the sweepers prove it (ARCHITECTURE "Partition time"). Deadlines are judged by it, and
 * only its intervals mean anything; dates are the broker's own.
 *
 * No clock is believed alone. A timeout has two: the broker's, which may jump, and its sweeper's monotonic one, which
 * may stand still (a stunned virtual machine) and does not include the time the message was held up on its way. Between
 * two timeouts of one sweeper partition time goes on by the smaller of the two intervals, if they agree within
 * {@link IN_STEP_MS}; if not, by nothing, and the sweeper's next timeout is compared with both. A jump, a stun or a
 * delay that stays therefore costs time, and none gains it: deadlines come later, none early. Each sweeper is measured
 * from a partition time of its own, and the furthest counts; so several of them need not agree, and what one misses
 * another brings.
 *
 * A timeout that the broker stored later than its sweeper's clock says was held up, or the broker's clock was set ahead:
 * the next one shows which. Until then nothing is measured from it, and a delay that is over has cost nothing.
 *
 * Messages between two timeouts are stamped by the broker's clock from the last one on. A timeout never passes what
 * they may have been stamped with: a deadline that was set in between would come early by as much.
 *
 * Bounds: proven time never goes back, and runs ahead of true time by at most IN_STEP_MS for each fault, and by
 * {@link UNPROVEN_MS} where the broker's clock jumps while no sweeper known before is left.
 */

interface Reading {
  /** partition time of a timeout */
  time: number;
  /** the sweeper's own clock in it */
  elapsed: number;
  /** the broker's clock when it was stored; absent in checkpoints of the release before: offset + time */
  broker?: number | undefined;
}

/** The timeout from which a sweeper's are measured, and one after it that was late or not in step. */
interface SweeperClock extends Reading {
  suspect: Reading | null;
  /** partition time of its latest timeout */
  heard?: number | undefined;
}

export interface PartitionClock {
  /** broker time − partition time at the last timeout that was believed, ms */
  offset: number;
  /** the same, for what is scheduled by its date: right within {@link DATES_SLACK_MS}, so that it seldom moves */
  dates?: number | undefined;
  /** partition time of the latest message, by the broker's clock; set right when that turns out to have jumped */
  now: number;
  /** partition time as proven by timeouts, by which deadlines are judged; absent before the first */
  proven?: number | undefined;
  sweepers: Record<string, SweeperClock>;
}

/** The two intervals agree when they differ by no more. */
export const IN_STEP_MS = 2_000;
/** The broker's interval may be so much longer before the later timeout counts as late. */
const PROMPT_MS = 250;
/** What an unknown sweeper's first timeout proves by the broker's clock alone: a restart takes about so long. */
export const UNPROVEN_MS = 10_000;
/** So much passes between two timeouts: a smaller jump cannot be distinguished from time that passed. */
const BETWEEN_MS = 1_000;
const DATES_SLACK_MS = 1_000;
/** More than ever write at once; of others, those with the latest timeouts are remembered. */
export const SWEEPERS_MAX = 8;

export const initialClock = (): PartitionClock => ({ offset: 0, now: 0, sweepers: {} });

/** Advances to a message's broker time; gives the partition's time. */
export function advance(clock: PartitionClock, brokerTime: number): number {
  clock.now = Math.max(clock.now, brokerTime - clock.offset);
  return clock.now;
}

/**
 * Advances by a timeout. `true`: the broker's clock was wrong, maybe for a moment. What was stamped since the last
 * timeout may lie ahead, and dates lie elsewhere in partition time.
 */
export function advanceByTimeout(
  clock: PartitionClock,
  brokerTime: number,
  sweeperId: string,
  elapsed: number,
): boolean {
  const { sweepers } = clock;
  const own = Object.hasOwn(sweepers, sweeperId) ? sweepers[sweeperId] : undefined;
  const read = { elapsed, broker: brokerTime };
  const basis = own && basisOf(clock, own, read);
  if (own && !basis) {
    if (isInStep(clock, own, read)) clock.proven = timeOf(clock, read, own, false);
    own.suspect = { ...read, time: clock.proven ?? clock.now };
    own.heard = own.suspect.time;
    clock.now = Math.max(clock.now, own.suspect.time);
    return false;
  }
  const isAfterJump = basis === own?.suspect && explainsNothing(clock, basis);
  const time = timeOf(clock, read, basis, isAfterJump);
  const measured = basis ? basis.time + passedSince(clock, basis, read) : undefined;
  const keepsBasis = basis && measured === time && driftBetween(clock, basis, read) <= IN_STEP_MS / 2;
  const { time: from, elapsed: then, broker } = keepsBasis ? basis : { ...read, time };
  remember(clock, sweeperId, { time: from, elapsed: then, broker, suspect: null, heard: time });
  return setOffset(clock, brokerTime, time);
}

/** What this timeout is measured from; `undefined`: the next one shows whether it was late, or a clock has jumped. */
function basisOf(clock: PartitionClock, own: SweeperClock, read: Measured): Reading | undefined {
  const { suspect } = own;
  const isOwnInStep = isInStep(clock, own, read);
  if (isOwnInStep && latenessBetween(clock, own, read) <= PROMPT_MS) return own;
  if (suspect === null || !isInStep(clock, suspect, read)) return undefined;
  return !isOwnInStep || driftBetween(clock, suspect, read) <= PROMPT_MS ? suspect : undefined;
}

/**
 * Nothing was believed since this suspicion, or nothing that explains it: it was the broker's clock that jumped, and the
 * offset is not to be used.
 */
function explainsNothing({ proven, offset }: PartitionClock, suspect: Reading | null | undefined): boolean {
  if (!suspect || suspect.time !== proven) return false;
  return suspect.broker === undefined || Math.abs(suspect.broker - offset - suspect.time) > IN_STEP_MS;
}

/** The partition time of a timeout that is believed. */
function timeOf(
  clock: PartitionClock,
  read: Measured,
  basis: Reading | null | undefined,
  isAfterJump: boolean,
): number {
  const { proven, offset } = clock;
  if (proven === undefined) return read.broker - offset;
  /** by the broker's clock alone, since the last timeout that was believed */
  const passed = Math.max(0, read.broker - offset - proven);
  if (!basis) return proven + Math.min(passed, UNPROVEN_MS);
  const measured = basis.time + passedSince(clock, basis, read);
  if (isAfterJump) return measured;
  return Math.max(proven + Math.min(passed, BETWEEN_MS), Math.min(measured, proven + passed));
}

/** Corrects the offset, and the time that other messages have set, by a timeout that is believed. */
function setOffset(clock: PartitionClock, brokerTime: number, time: number): boolean {
  clock.proven = time;
  clock.offset = brokerTime - time;
  const isMoved = Math.abs(clock.offset - (clock.dates ?? 0)) > DATES_SLACK_MS;
  const isAhead = clock.now > time + DATES_SLACK_MS;
  if (isMoved) clock.dates = clock.offset;
  clock.now = isMoved || isAhead ? time : Math.max(clock.now, time);
  return isMoved || isAhead;
}

interface Measured {
  elapsed: number;
  broker: number;
}

const brokerPassed = (clock: PartitionClock, { broker, time }: Reading, later: Measured): number =>
  later.broker - (broker ?? time + clock.offset);

/** By how much the broker's interval is the longer one. */
const latenessBetween = (clock: PartitionClock, earlier: Reading, later: Measured): number =>
  brokerPassed(clock, earlier, later) - (later.elapsed - earlier.elapsed);

const driftBetween = (clock: PartitionClock, earlier: Reading, later: Measured): number =>
  Math.abs(latenessBetween(clock, earlier, later));

const isInStep = (clock: PartitionClock, earlier: Reading, later: Measured): boolean =>
  driftBetween(clock, earlier, later) <= IN_STEP_MS;

const passedSince = (clock: PartitionClock, earlier: Reading, later: Measured): number =>
  Math.max(0, Math.min(brokerPassed(clock, earlier, later), later.elapsed - earlier.elapsed));

function remember(clock: PartitionClock, sweeperId: string, sweeper: SweeperClock): void {
  const { sweepers } = clock;
  if (!Object.hasOwn(sweepers, sweeperId)) {
    const heardAt = ({ heard, time }: SweeperClock) => heard ?? time;
    const known = Object.entries(sweepers).sort(([, a], [, b]) => heardAt(a) - heardAt(b));
    for (const [id] of known.slice(0, Math.max(0, known.length - SWEEPERS_MAX + 1))) delete sweepers[id];
  }
  sweepers[sweeperId] = sweeper;
}
