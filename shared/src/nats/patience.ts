/**
 * How long an answer is waited for: half as long again as the fastest of the last answers took, late ones included. A
 * fixed time would be wrong on a slow link: every answer would come too late, and everything would be asked again and
 * again. The fastest counts, since an election makes many answers late and the link no slower: its end shall be
 * noticed soon.
 */
export interface Patience {
  /** ms after which an answer counts as lost */
  ms(): number;
  /** ms that the link alone may need for an answer, however short the time of the question is; 0 before the first */
  ofLink(): number;
  /** An answer took so long. */
  answered(ms: number): void;
  /** No answer came in time. While none has come at all, the next is waited for twice as long. */
  lost(): void;
}

const MIN_PATIENCE_MS = 1_000;
const MOST_PATIENCE_MS = 15_000;
/** A server that is electing a leader has not answered either: its end shall be noticed soon. */
const MOST_UNMEASURED_MS = 5_000;
const MEASURED = 16;

/**
 * Gives 1,000 to 15,000 ms, by the last answers, 16 of them unless `most` says otherwise: fewer where few questions
 * are asked, each of which would be lost on a link that has become slow. Before the first 1,000 to 5,000, by how many
 * were lost.
 */
export function createPatience(most = MEASURED): Patience {
  const took: number[] = [];
  let unmeasured = MIN_PATIENCE_MS;
  const ofLink = () => (took.length === 0 ? 0 : Math.min(MOST_PATIENCE_MS, 1.5 * Math.min(...took)));
  return {
    ofLink,
    ms() {
      const measured = ofLink() || unmeasured;
      return Math.min(MOST_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, measured));
    },
    answered(ms) {
      took.push(ms);
      if (took.length > most) took.shift();
    },
    lost() {
      unmeasured = Math.min(MOST_UNMEASURED_MS, 2 * unmeasured);
    },
  };
}
