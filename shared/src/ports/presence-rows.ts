import type { Epoch, Profile } from "../events.ts";
import type { PresenceRow } from "../presence-row.ts";

/** Presence as it is stored in the rows of people. It is read through `PresenceStore`. */
export interface PresenceRows {
  /**
   * Writes presences into the rows of the people they are of, in parts of up to 500 rows. A stored row with a greater
   * `(epoch, version)` stays, unless its epoch is more than `EPOCH_LEAD_MAX` ahead; one with an equal pair is written
   * again, which repairs it. Version 0 is a person who was never shown: their public columns stay as stored, whatever
   * the stored version is. `lastSeen` and `lastActiveAt` never go back, but for one that is further ahead of the store's
   * clock than `AHEAD_MAX_MS`, which gives way to one that is not. People without a row are passed over. Of several
   * presences of one person the one with the greatest version counts, the later of equals. Repeats do no harm, and calls
   * may overlap.
   * @throws {StoreRefused} a row can never be stored
   */
  write(rows: readonly PresenceRow[]): Promise<PresenceWrite>;
  /**
   * Registered and anonymous people who are stored as online although they were last active more than `thresholdMs` ago
   * by the store's own clock, or, by a date that a wrong clock has written, more than `LOOKED_AT_AHEAD_MS` ahead of it.
   * One page, in the order of their ids, which does not change: a person who stays stale, as one whom a service keeps
   * online for hours, delays the others by one place in one page, and hides none.
   * @throws {RangeError} a number of the bounds is not a whole one, or is negative
   */
  stale(bounds: StaleBounds): Promise<StalePage>;
}

export interface StaleBounds {
  thresholdMs: number;
  /** most people of the page */
  limit: number;
  /** the id behind which the page begins; by default it is the first one */
  after?: string;
  /** people are left out whose row was written in this epoch, by one who owned it then and knows them */
  notWrittenIn?: Pick<Epoch, "epoch" | "from"> | undefined;
}

export interface StalePage {
  people: StaleOnline[];
  /** the id behind which the next page begins; null: this was the last one */
  next: string | null;
}

/** The outcome of a write: how many rows took it, and how many hold something newer, with the newest of that. */
export interface PresenceWrite {
  written: number;
  refused: number;
  newest: { epoch: number; version: number } | null;
}

/** A person who is stored as online and has shown no activity for too long, with the profile for a `look`. */
export interface StaleOnline {
  userId: string;
  profile: Profile;
}
