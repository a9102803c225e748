/** A life of a process that counts as long: what ends it is a new fault, not the one before. */
export const LONG_LIFE_MS = 30_000;

/** Milliseconds to wait before the next start after so many short lives in a row: 0.1 s, doubled up to 10 s. */
export function backOff(shortLives: number): number {
  return Math.min(100 * 2 ** Math.max(shortLives - 1, 0), 10_000);
}
