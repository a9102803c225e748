import { Counter, type Registry } from "prom-client";
import { METRIC_PREFIX } from "../runtime/metrics.ts";

/** Lists of an application's directory. */
const DIRECTORY_LISTS = ["conversations", "members", "blocks"] as const;
export type DirectoryList = (typeof DIRECTORY_LISTS)[number];

/** Counts, in this process, the entries that are left out of an application's lists because they cannot be read. */
export function measureLeftOut(registry: Registry): (list: DirectoryList, count: number) => void {
  const entries = new Counter({
    name: `${METRIC_PREFIX}directory_entries_left_out_total`,
    help: "Entries of lists in the application's answers that are no ids of 1 to 200 characters, and left out",
    labelNames: ["list"] as const,
    registers: [registry],
  });
  for (const list of DIRECTORY_LISTS) entries.inc({ list }, 0);
  return (list, count) => entries.inc({ list }, count);
}
