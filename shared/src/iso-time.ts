/**
 * A date, ms since 1970, as ISO 8601 in UTC; null stays null.
 * @throws {RangeError} it is no date
 */
export function toIso(ms: number): string;
export function toIso(ms: number | null): string | null;
export function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
