import type { Finding } from "./finding.ts";
import type { History } from "./history.ts";
import { judgeDelivery } from "./rules/delivery.ts";
import { judgeFalseOfflines } from "./rules/false-offlines.ts";
import { judgeLooks } from "./rules/looks.ts";
import { judgeMessages } from "./rules/messages.ts";
import { judgeReads } from "./rules/reads.ts";
import { judgeRows } from "./rules/rows.ts";
import { judgeStrangers } from "./rules/strangers.ts";
import { judgeVersions } from "./rules/versions.ts";
import { worldOf } from "./world.ts";

/** Every breach of a promise in a run that ended at `until`, in the order of time. */
export function judge(history: History, until: number): Finding[] {
  const world = worldOf(history, until);
  return [
    ...judgeDelivery(world),
    ...judgeLooks(world),
    ...judgeFalseOfflines(world),
    ...judgeVersions(history),
    ...judgeStrangers(world),
    ...judgeMessages(world),
    ...judgeReads(history),
    ...judgeRows(world),
  ].sort((a, b) => a.at - b.at);
}
