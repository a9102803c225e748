/** Most rows of one statement (ARCHITECTURE "Database"). */
const BATCH_ROWS = 500;

/** Cuts rows into statements' worth. */
export function* batches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let at = 0; at < rows.length; at += BATCH_ROWS) yield rows.slice(at, at + BATCH_ROWS);
}

/** Orders texts alike in every process, whatever its locale. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
