import type { Difference, Finding } from "../finding.ts";
import type { DatabaseRead, History, Row, Status } from "../history.ts";
import { compareVersions } from "./versions.ts";

/** Versions down: a user's row is older at one look than at the look before. */
export function judgeReads({ reads }: Pick<History, "reads">): Finding[] {
  const findings: Finding[] = [];
  const last = new Map<string, Row>();
  for (const { at, rows } of reads) {
    for (const row of rows) {
      const before = last.get(row.userId);
      last.set(row.userId, row);
      if (!before || compareVersions(row, before) >= 0) continue;
      const text = `the row of ${row.userId} went from ${before.epoch}/${before.version} to ${row.epoch}/${row.version}`;
      findings.push({ column: "versions down", at, about: row.userId, text });
    }
  }
  return findings;
}

/**
 * What is wrong with the rows of a run that has come to rest: `isOnline` is not the truth, or a viewer has been
 * shown something newer. Empty when the database has followed.
 */
export function differencesOf(
  { rows }: DatabaseRead,
  isOnline: ReadonlyMap<string, boolean>,
  shown: ReadonlyMap<string, Row>,
): Difference[] {
  const byUser = new Map(rows.map((row) => [row.userId, row]));
  return [...isOnline].flatMap(([userId, truth]) => {
    const row = byUser.get(userId);
    const newest = shown.get(userId);
    const texts = [
      ...(row?.isOnline === truth
        ? []
        : [`the row of ${userId} says ${row ? (row.isOnline ? "online" : "offline") : "nothing"}`]),
      ...(row && newest && compareVersions(row, newest) < 0
        ? [
            `the row of ${userId} is at ${row.epoch}/${row.version}, viewers at ${newest.epoch}/${newest.version}`,
          ]
        : []),
    ];
    return texts.map((text) => ({ about: userId, text }));
  });
}

/** The newest status of each user that any viewer has received. */
export function newestShown({ connections }: Pick<History, "connections">): Map<string, Status> {
  const newest = new Map<string, Status>();
  for (const { received } of connections) {
    for (const one of received) {
      if (one.kind === "message") continue;
      for (const status of one.kind === "status" ? [one] : one.users) {
        const known = newest.get(status.userId);
        if (!known || compareVersions(status, known) > 0) newest.set(status.userId, status);
      }
    }
  }
  return newest;
}
