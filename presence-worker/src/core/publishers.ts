import type { Numbering } from "@meeshy/shared/events";

/**
 * Who has written into this partition, and how far (ARCHITECTURE "Numbered publishers"). Only the next number of a
 * publisher is accepted, so repeats, holes and reorderings leave no trace; a lost gateway stays in the table, so what
 * it wrote late is ignored.
 *
 * A publisher that lost an acknowledgement sends everything again from there on, so a hole heals by itself within
 * moments. One that stays is a fault: nothing of that publisher counts any more. It is reported, for as long as it
 * lasts, so that the gateway can begin a new life and announce its connections under it. A lost publisher that keeps
 * writing is one as well: it has missed that it was declared lost.
 *
 * A publisher that lives is never forgotten, however long it is silent here: its next number would be a hole.
 */

export interface PublisherEntry {
  /** the last number accepted; 0: none */
  number: number;
  /** partition time of it, or of the loss */
  at: number;
  lost: boolean;
  /** partition time of the first message after it that was a hole; absent: the publisher is in step */
  holeSince?: number | undefined;
}

export type Admission = "accepted" | "repeat" | "hole" | "lost";

/** A publisher whose messages are not accepted any more. */
export interface OutOfStep {
  publisher: string;
  /** the next number that would be accepted; 0: none, the publisher was declared lost */
  expected: number;
}

export interface Publishers {
  /** Decides on a message, and notes it when it is accepted. Unnumbered messages stand on their own. */
  admit(numbering: Numbering, now: number): Admission;
  /** Whether anything of it was accepted, or it was declared lost. */
  isKnown(publisher: string): boolean;
  /** From now on nothing of this publisher counts. */
  markLost(publisher: string, now: number): void;
  /** Those out of step for longer than {@link OUT_OF_STEP_MS}, each again after {@link REPORT_AGAIN_MS}. */
  outOfStep(now: number): OutOfStep[];
  /** Every {@link LOOK_MS}: those not lost that have written nothing for {@link SILENT_MS}. They may have ended. */
  silent(now: number): string[];
  forget(publishers: Iterable<string>): void;
  entries(): Record<string, PublisherEntry>;
}

/** Longer than a resend takes to begin after an acknowledgement was lost. */
export const OUT_OF_STEP_MS = 10_000;
export const REPORT_AGAIN_MS = 30_000;
export const LOOK_MS = 600_000;
export const SILENT_MS = 3_600_000;
/** Lost publishers are remembered for so long, and no more of them than {@link LOST_MAX}: nothing arrives that late. */
export const LOST_MEMORY_MS = 24 * 3_600_000;
export const LOST_MAX = 1_000;
/** Publishers out of step at once; of more, none is remembered that was not known. */
const OUT_OF_STEP_MAX = 1_000;

const NONE: never[] = [];

/** A publisher out of step: when it is reported next, and whether it has written since the last report. */
interface Fault {
  reportAt: number;
  hasWritten: boolean;
}

export function createPublishers(stored: Readonly<Record<string, PublisherEntry>>): Publishers {
  const table = new Map(Object.entries(stored).map(([id, entry]) => [id, { ...entry }]));
  const faults = new Map<string, Fault>();
  let lost = 0;
  let lookAt = Number.NEGATIVE_INFINITY;

  for (const [id, { lost: isLost, holeSince }] of table) {
    if (isLost) lost++;
    else if (holeSince !== undefined) noteFault(id, holeSince + OUT_OF_STEP_MS);
  }

  function noteFault(id: string, reportAt: number): void {
    const fault = faults.get(id);
    if (fault) fault.hasWritten = true;
    else if (faults.size < OUT_OF_STEP_MAX) faults.set(id, { reportAt, hasWritten: true });
  }

  function noteHole(id: string, entry: PublisherEntry | undefined, now: number): void {
    noteFault(id, now + OUT_OF_STEP_MS);
    if (entry) entry.holeSince ??= now;
    else if (faults.has(id)) table.set(id, { number: 0, at: now, lost: false, holeSince: now });
  }

  function remove(id: string): void {
    if (table.get(id)?.lost) lost--;
    table.delete(id);
    faults.delete(id);
  }

  return {
    admit({ publisher, number }, now) {
      if (publisher === undefined || number === undefined) return "accepted";
      const entry = table.get(publisher);
      if (entry?.lost) {
        // What it had on its way when it was declared lost is no fault.
        if (now - entry.at >= OUT_OF_STEP_MS) noteFault(publisher, now);
        return "lost";
      }
      const last = entry?.number ?? 0;
      if (number <= last) return "repeat";
      if (number > last + 1) {
        noteHole(publisher, entry, now);
        return "hole";
      }
      if (entry === undefined) table.set(publisher, { number, at: now, lost: false });
      else {
        entry.number = number;
        entry.at = now;
        if (entry.holeSince !== undefined) {
          entry.holeSince = undefined;
          faults.delete(publisher);
        }
      }
      return "accepted";
    },
    isKnown(publisher) {
      const entry = table.get(publisher);
      return entry !== undefined && (entry.lost || entry.number > 0);
    },
    markLost(publisher, now) {
      const number = table.get(publisher)?.number ?? 0;
      remove(publisher);
      table.set(publisher, { number, at: now, lost: true });
      lost++;
      if (lost <= LOST_MAX) return;
      for (const [id, entry] of table) {
        if (!entry.lost) continue;
        remove(id);
        return;
      }
    },
    outOfStep(now) {
      if (faults.size === 0) return NONE;
      const reports: OutOfStep[] = [];
      for (const [publisher, fault] of faults) {
        if (now < fault.reportAt) continue;
        const entry = table.get(publisher);
        // Nothing is expected of a lost one: only further messages prove that it still writes.
        if (entry === undefined || (entry.lost && !fault.hasWritten)) faults.delete(publisher);
        else reports.push({ publisher, expected: entry.lost ? 0 : entry.number + 1 });
        fault.reportAt = now + REPORT_AGAIN_MS;
        fault.hasWritten = false;
      }
      return reports;
    },
    silent(now) {
      if (now < lookAt) return NONE;
      lookAt = now + LOOK_MS;
      const silent: string[] = [];
      for (const [id, entry] of table) {
        if (entry.lost && now - entry.at > LOST_MEMORY_MS) remove(id);
        else if (!entry.lost && now - entry.at > SILENT_MS) silent.push(id);
      }
      return silent;
    },
    forget(publishers) {
      for (const id of publishers) remove(id);
    },
    entries: () => Object.fromEntries([...table].map(([id, entry]) => [id, { ...entry }])),
  };
}
