/**
 * How long the creation of a consumer is waited for. Until one was created: 1 s, twice as long after every lost answer,
 * since a server that counts through a stream of a million subjects needs seconds. After that: three times what the
 * last creation took. A cluster with a dead node places one ephemeral consumer in three on that node, and never answers
 * then: only asking again helps, so the measured time is doubled after every third lost answer in a row, not before.
 */
export interface CreationPatience {
  /** ms after which the answer counts as lost */
  ms(): number;
  /** A consumer was created within so many ms of the server's time. */
  created(tookMs: number): void;
  /** No answer came in time. */
  lost(): void;
}

const UNMEASURED_MS = 1_000;
const MIN_MS = 250;
const MOST_MS = 8_000;
const MARGIN = 3;
const LOST_IN_A_ROW = 3;

/** Gives 250 to 8,000 ms; at least 1,000 before the first creation. */
export function createCreationPatience(): CreationPatience {
  let ms = UNMEASURED_MS;
  let isMeasured = false;
  let lost = 0;
  return {
    ms: () => ms,
    created(tookMs) {
      isMeasured = true;
      lost = 0;
      ms = Math.min(MOST_MS, Math.max(MIN_MS, MARGIN * tookMs));
    },
    lost() {
      lost++;
      if (!isMeasured || lost % LOST_IN_A_ROW === 0) ms = Math.min(MOST_MS, 2 * ms);
    },
  };
}
