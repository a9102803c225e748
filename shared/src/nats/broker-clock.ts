/** For so long, by the own clock, a message counts; at most twice as long. */
const KEPT_MS = 10_000;
/** A clock that was put back by more shows in messages that are all later than this; a slow link makes them less late. */
const STEP_MS = 10_000;
/** For so long all of them have to be: what waited for a process that stood still is read in a moment. */
const STEP_SHOWS_AFTER_MS = 2_000;

/**
 * The broker's clock, by the times that its messages carry and when they came. A message makes it too small by how late it
 * was, so that the promptest of the last ones counts: on a slow link, or after this process stood still, many are late.
 */
export class BrokerClock {
  /** the broker's clock less the own monotonic one, ms: the most since `#since`, and in the time before */
  #ahead = Number.NEGATIVE_INFINITY;
  #formerlyAhead = Number.NEGATIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;
  /** since when every message has come later than {@link STEP_MS}; `undefined`: the last one has not */
  #behindSince: number | undefined;
  #isLive = false;

  /**
   * A message of the broker's time `time` came at `now`, by the own monotonic clock; ms. One that was stored before, and is
   * read now, says little: it counts only as long as none has come live.
   */
  note(time: number, now: number, isLive: boolean): void {
    const ahead = time - now;
    if (!isLive) {
      if (!this.#isLive) this.#begin(ahead, now);
    } else if (!this.#isLive || this.#showsStep(ahead, now)) {
      this.#isLive = true;
      this.#begin(ahead, now);
    } else if (now - this.#since < KEPT_MS) this.#ahead = Math.max(this.#ahead, ahead);
    else {
      this.#formerlyAhead = this.#ahead;
      this.#ahead = ahead;
      this.#since = now;
    }
  }

  /** The broker's time at `now` by the own monotonic clock, ms since 1970; `undefined`: there was no message yet. */
  at(now: number): number | undefined {
    const ahead = this.#most();
    return ahead === Number.NEGATIVE_INFINITY ? undefined : now + ahead;
  }

  #begin(ahead: number, now: number): void {
    this.#ahead = ahead;
    this.#formerlyAhead = Number.NEGATIVE_INFINITY;
    this.#since = now;
    this.#behindSince = undefined;
  }

  #most(): number {
    return Math.max(this.#ahead, this.#formerlyAhead);
  }

  #showsStep(ahead: number, now: number): boolean {
    if (this.#most() - ahead < STEP_MS) {
      this.#behindSince = undefined;
      return false;
    }
    this.#behindSince ??= now;
    return now - this.#behindSince >= STEP_SHOWS_AFTER_MS;
  }
}
