import type { Availability } from "./status.ts";

/** What the database holds of one person's presence. Times in ms since 1970; `lastSeen` and `lastActiveAt` null: as stored. */
export interface PresenceRow {
  userId: string;
  isAnonymous: boolean;
  isOnline: boolean;
  lastSeen: number | null;
  lastActiveAt: number | null;
  /** null: this and the two below as stored */
  availability: Availability | null;
  statusText: string | null;
  availabilityExpiresAt: number | null;
  epoch: number;
  version: number;
}

/**
 * A stored epoch that is further ahead of ours than this can be no service's: epochs begin at 1 and rise by one at each
 * loss. It counts for nothing and is overwritten; followed, it would soon end at the column's 2^31 - 1.
 */
export const EPOCH_LEAD_MAX = 1_000_000;

/**
 * A stored date that is further ahead of the store's clock than this, ms, was written while another clock was wrong: it
 * gives way to one that is not, which is older. Where the store's own clock is behind, every date is ahead, and none gives way.
 */
export const AHEAD_MAX_MS = 60_000;
/**
 * People who are stored as active further ahead than this, ms, are looked at like those who are silent for too long. Who
 * is less far ahead becomes silent by themselves; a store's clock that is behind by less has no one looked at in vain.
 */
export const LOOKED_AT_AHEAD_MS = 3_600_000;
