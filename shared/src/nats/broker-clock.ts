/** For so long, by the own clock, a message counts; at most twice as long. */
const KEPT_MS = 10_000;

/**
 * The broker's clock, by the times that its messages carry and when they came. A message makes it too small by how late it
 * was, so that the promptest of the last ones counts: on a slow link, or after this process stood still, many are late.
 * Where the broker's clock is put back it is ahead until those of before count no more.
 */
export class BrokerClock {
  /** the broker's clock less the own monotonic one, ms: the most since `#since`, and in the time before */
  #ahead = Number.NEGATIVE_INFINITY;
  #formerlyAhead = Number.NEGATIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;

  /** A message of the broker's time `time` came at `now`, by the own monotonic clock; ms. */
  note(time: number, now: number): void {
    const ahead = time - now;
    if (now - this.#since < KEPT_MS) this.#ahead = Math.max(this.#ahead, ahead);
    else {
      this.#formerlyAhead = this.#ahead;
      this.#ahead = ahead;
      this.#since = now;
    }
  }

  /** The broker's time at `now` by the own monotonic clock, ms since 1970; `undefined`: there was no message yet. */
  at(now: number): number | undefined {
    const ahead = Math.max(this.#ahead, this.#formerlyAhead);
    return ahead === Number.NEGATIVE_INFINITY ? undefined : now + ahead;
  }
}
