/** Times and figures in words. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4 s`, `2 min 5 s`, `1 h 4 min`, `3 d 2 h`; below a second `0 s`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / SECOND)) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND} s`;
  if (whole < HOUR) return pair(whole, MINUTE, "min", SECOND, "s");
  if (whole < DAY) return pair(whole, HOUR, "h", MINUTE, "min");
  return pair(whole, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** `just now`, `12 s ago`, `20 min ago`; null: `never`. */
export function ageText(iso: string | null, now: number): string {
  if (iso === null) return "never";
  const age = now - Date.parse(iso);
  if (age < 2 * SECOND) return "just now";
  // Beyond a minute seconds say nothing, and make the text jump.
  return `${durationText(age < MINUTE ? age : Math.floor(age / MINUTE) * MINUTE)} ago`;
}

/** A lag: `3 ms`, `1.4 s`, `2 min 5 s`. */
export function lagText(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  return ms < 10 * SECOND ? `${(ms / SECOND).toFixed(1)} s` : durationText(ms);
}

/** Time of day as the operator's clock has it, with the day if it is not that of `now`. */
export function timeText(iso: string, now: number): string {
  const date = new Date(iso);
  const time = date.toLocaleTimeString("en-GB");
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

export const numberText = (figure: number): string => figure.toLocaleString("en-GB");

/** `1 person`, `2 people`. */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${numberText(count)} ${count === 1 ? one : many}`;

/** Numbers in rising order, those that follow each other as one: `4`, `7 to 9`. */
export function rangesOf(numbers: readonly number[]): string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const open = ranges.at(-1);
    if (open && number === open.last + 1) open.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.flatMap(({ first, last }) => {
    if (first === last) return `${first}`;
    return last === first + 1 ? [`${first}`, `${last}`] : `${first} to ${last}`;
  });
}

/** `4`, `4 and 5`, `4, 5 and 6`; beyond `max` names `4, 5 and 12 more`. */
export function listText(names: readonly (string | number)[], max = 6): string {
  const shown = names.slice(0, names.length > max ? max - 1 : max);
  const rest = names.length - shown.length;
  const parts = rest === 0 ? shown.slice(0, -1) : shown;
  const last = rest === 0 ? shown.at(-1) : `${rest} more`;
  return parts.length === 0 ? String(last ?? "") : `${parts.join(", ")} and ${last}`;
}
