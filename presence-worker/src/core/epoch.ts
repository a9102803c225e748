import type { Epoch } from "@meeshy/shared/events";
import { EPOCH_LEAD_MAX } from "@meeshy/shared/presence-row";

/** Whether the log is still the one that was being read (ARCHITECTURE "Epochs": lost or shortened). */

export interface LogEnds {
  first: number;
  last: number;
}

/** The highest log position that the database remembers. */
export interface Remembered {
  epoch: number;
  seq: number;
}

/** When each stream was made. */
export type StreamAges = Record<string, string>;

export interface EpochDecision {
  epoch: Epoch;
  /** why a new epoch begins; null: the known one goes on */
  raised: string | null;
}

/**
 * At start: the epoch of the lease bucket goes on, unless the log lacks what the database has seen of it, or a
 * stream is another than it was. An epoch of the database that no service can have come to counts for nothing.
 */
export function decideEpoch(
  known: Epoch | null,
  stored: Remembered | undefined,
  log: LogEnds,
  streams: StreamAges,
): EpochDecision {
  const remembered = stored && isWithinLead(stored.epoch, known?.epoch ?? 0) ? stored : undefined;
  if (known === null && remembered === undefined)
    return { epoch: { epoch: 1, from: 0, streams }, raised: "the first log" };
  const latest = Math.max(known?.epoch ?? 0, remembered?.epoch ?? 0);
  const raise = (raised: string) => ({ epoch: { epoch: latest + 1, from: log.last + 1, streams }, raised });
  if (known === null) return raise("the leases are gone");
  if (remembered !== undefined && remembered.epoch > known.epoch)
    return raise("the leases are of an older epoch");
  if (remembered !== undefined && remembered.epoch === known.epoch && remembered.seq > log.last) {
    return raise(`the log ends at ${log.last}, ${remembered.seq} had been processed`);
  }
  const anew = madeAnew(known, streams);
  return anew === null ? { epoch: known, raised: null } : raise(anew);
}

const isWithinLead = (epoch: number, known: number): boolean => epoch <= known + EPOCH_LEAD_MAX;

/**
 * Why what is written in this epoch can never replace a state that the database holds, as after a restored dump or an
 * import; null: it can, or no service can have written the state.
 */
export function faultOfStored(
  known: Epoch,
  log: LogEnds,
  stored: { epoch: number; version: number },
): string | null {
  if (!isWithinLead(stored.epoch, known.epoch)) return null;
  if (stored.epoch > known.epoch) return `the database holds states of epoch ${stored.epoch}`;
  if (stored.epoch === known.epoch && stored.version > log.last)
    return `the log ends at ${log.last}, the database holds a state of ${stored.version}`;
  return null;
}

/** Which stream is another than when the epoch began, in words; null: none. What it held is lost. */
export function madeAnew({ streams }: Epoch, now: StreamAges): string | null {
  const name = Object.keys(streams ?? {}).find(
    (name) => now[name] !== undefined && now[name] !== streams?.[name],
  );
  return name === undefined ? null : `${name} was made anew`;
}

/** What proves that the log is still the same. */
export interface Evidence {
  /** broker time of the message that was processed last; null: not known */
  time: number | null;
  /** that of the message which stands there now, where one still does: a log restored from a copy may have grown again */
  found: number | undefined;
  /** the highest log sequence that a record has seen: records are ahead of the checkpoint */
  recorded: number;
}

/** Why a reader that has processed the message at `seq` cannot go on in this log; null: it can. */
export function faultOf(seq: number, log: LogEnds, { time, found, recorded }: Evidence): string | null {
  if (time !== null && found !== undefined && found !== time)
    return `another message stands at ${seq} than was processed`;
  const processed = Math.max(seq, recorded);
  if (processed > log.last) return `the log ends at ${log.last}, ${processed} had been processed`;
  if (seq > 0 && log.first > seq + 1) return `the log begins at ${log.first}, ${seq + 1} is wanted`;
  return null;
}
