/**
 * A date of a row, ms since 1970. In place of none, 1970 itself is stored for people who never connected: the release
 * before cannot read a row without dates.
 */
export function storedDate(date: Date | string | null): number | null {
  const ms = date === null ? 0 : typeof date === "string" ? Date.parse(date) : date.getTime();
  return ms === 0 ? null : ms;
}
