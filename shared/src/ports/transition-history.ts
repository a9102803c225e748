import type { Cause } from "../status.ts";

/** One line of a person's history (CONTRACT 6): `(epoch, version)` is the log position of the event. `at` in ms since 1970. */
export interface TransitionRow {
  userId: string;
  epoch: number;
  version: number;
  at: number;
  from: string;
  to: string;
  cause: Cause;
  connectionId: string | null;
  traceId: string | null;
}

/** A place in the order of all lines: by `at`, of equal ones by person, epoch and version. */
export type HistoryPlace = Pick<TransitionRow, "at" | "userId" | "epoch" | "version">;

/** Most lines of one {@link TransitionHistory.following}. */
export const FOLLOWING_MAX = 500;

/** The history of people's transitions, those of a foreign directory and anonymous ones included. */
export interface TransitionHistory {
  /**
   * Adds lines, in parts of up to 500; those that are there already stay as they are, so repeats do no harm. Returns
   * how many were new.
   * @throws {StoreRefused} a line can never be stored
   */
  write(rows: readonly TransitionRow[]): Promise<number>;
  /** A person's last `limit` lines by `(epoch, version)`, newest first; empty for an id without any. */
  recent(userId: string, limit: number): Promise<TransitionRow[]>;
  /** When the newest line of all was, ms since 1970; null: there is none. */
  newestAt(): Promise<number | null>;
  /**
   * The lines of everyone behind this place, the earliest first, at most {@link FOLLOWING_MAX}. A line may be written after
   * one with a later `at`: owners of partitions write independently of each other.
   */
  following(place: HistoryPlace): Promise<TransitionRow[]>;
  /**
   * Deletes the lines of one person.
   * @throws {StoreRefused} they can never be deleted
   */
  erase(userId: string): Promise<void>;
  /** Deletes what is older than `days` by the store's own clock, in parts. Returns how many lines. */
  prune(days: number): Promise<number>;
}
