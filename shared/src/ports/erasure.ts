/** Deletion of a person (CONTRACT 7, `presence.account`). */
export interface Erasure {
  /**
   * Deletes a person: their row with its presence, memberships and blocks, and their history. Their messages stay.
   * Of an id that no person has, it deletes the history alone; it may be repeated.
   */
  erase(userId: string): Promise<void>;
}
