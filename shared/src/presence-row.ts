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
