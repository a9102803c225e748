import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import { reportedAt } from "../core/token-bucket.ts";
import type { SharedRates } from "../limits/limits.ts";
import type { Channel } from "./channel.ts";
import type { Taken } from "./messages.ts";

/**
 * Limits hold for the port: what a process takes for someone it reports to its siblings, as soon as it is a share of the
 * limit that matters (ADR 0017). Someone who stays far below every limit costs no message.
 */
export interface RateExchange extends SharedRates {
  /** What siblings have taken. */
  receive(taken: readonly Taken[]): void;
}

/** Who is remembered below the share that is reported. */
const REMEMBERED = 50_000;
/** What waits to be sent; beyond it, it is reported with what is taken next. */
const OUTGOING_MAX = 10_000;
const ENTRIES_MAX = 500;
/** Between two looks at a channel that takes nothing. */
const RETRY_MS = 50;

export function createRateExchange(processes: number, channel: Pick<Channel, "report">): RateExchange {
  const unreported = createBoundedCache<Taken>({ max: REMEMBERED });
  let outgoing: Taken[] = [];
  let isSending = false;
  let charge: (taken: Taken) => void = () => {};

  const send = () => {
    isSending = outgoing.length > 0;
    if (!isSending) return;
    const portion = outgoing.slice(0, ENTRIES_MAX);
    // One message at a time: what is taken meanwhile goes into the next one.
    if (channel.report(portion, send)) outgoing = outgoing.slice(ENTRIES_MAX);
    else setTimeout(send, RETRY_MS).unref();
  };

  return {
    taken(limit, key, perMinute, taken = 1) {
      const id = `${limit} ${key}`;
      const [, , before] = unreported.get(id) ?? [limit, key, 0];
      const tokens = before + taken;
      if (tokens < reportedAt(perMinute, processes) || outgoing.length >= OUTGOING_MAX) {
        unreported.set(id, [limit, key, tokens]);
        return;
      }
      unreported.delete(id);
      outgoing.push([limit, key, tokens]);
      if (isSending) return;
      isSending = true;
      setImmediate(send);
    },
    onTaken(apply) {
      charge = apply;
    },
    receive(taken) {
      for (const one of taken) charge(one);
    },
  };
}
