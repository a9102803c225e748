import type { Numbering } from "@meeshy/shared/events";

/**
 * Who has written into this partition, and how far (DESIGN "Exactly once, without ids"). Only the next
 * number of a publisher is accepted, so repeats, holes and reorderings leave no trace; a lost gateway
 * stays in the table, so what it wrote late is ignored.
 */

export interface PublisherEntry {
  /** the last number accepted */
  number: number;
  /** partition time of it */
  at: number;
  lost: boolean;
}

export type PublisherTable = Map<string, PublisherEntry>;

export type Admission = "accepted" | "repeat" | "hole" | "lost";

/** How long a silent or lost publisher is remembered. */
export const PUBLISHER_MEMORY_MS = 24 * 3_600_000;

/** Decides on a message, and notes it when it is accepted. Unnumbered messages stand on their own. */
export function admit(table: PublisherTable, { publisher, number }: Numbering, now: number): Admission {
  if (publisher === undefined || number === undefined) return "accepted";
  const entry = table.get(publisher);
  if (entry?.lost) return "lost";
  const last = entry?.number ?? 0;
  if (number <= last) return "repeat";
  if (number > last + 1) return "hole";
  if (entry) {
    entry.number = number;
    entry.at = now;
  } else table.set(publisher, { number, at: now, lost: false });
  return "accepted";
}

/** From now on nothing of this publisher counts. */
export function markLost(table: PublisherTable, publisher: string, now: number): void {
  table.set(publisher, { number: table.get(publisher)?.number ?? 0, at: now, lost: true });
}

/** Forgets those that have been silent for {@link PUBLISHER_MEMORY_MS}. */
export function prune(table: PublisherTable, now: number): void {
  for (const [id, entry] of table) if (now - entry.at > PUBLISHER_MEMORY_MS) table.delete(id);
}
