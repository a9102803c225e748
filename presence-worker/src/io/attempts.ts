import { AckLost, type LateAnswers, type PubAck } from "@meeshy/shared/ports/bus";

/** Writes once by compare-and-set; `late`: where an answer goes that comes after {@link AckLost}. */
type Put = (late: LateAnswers) => Promise<PubAck>;

/**
 * Attempts to write one value, one after the other. `same` names what is attempted: an answer to an earlier attempt at
 * the same answers the one under way. Where every answer comes too late, each attempt would be refused for the sake of
 * the one before, and none would ever be known to be stored.
 *
 * The attempt rejects as `put` does, or with the refusal of an earlier one; after a refusal the next attempt stands
 * alone.
 */
export function createAttempts(): (same: string, put: Put) => Promise<PubAck> {
  let attempted: string | undefined;
  let late = Promise.withResolvers<PubAck>();
  return async (same, put) => {
    if (same !== attempted) {
      attempted = same;
      late = Promise.withResolvers();
      late.promise.catch(() => {});
    }
    try {
      return await Promise.race([put({ onLate: late.resolve, onLateRefusal: late.reject }), late.promise]);
    } catch (error) {
      if (!(error instanceof AckLost)) attempted = undefined;
      throw error;
    }
  };
}
