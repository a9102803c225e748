import type { Difference } from "./finding.ts";
import type { Connection } from "./history.ts";
import { covers } from "./intervals.ts";
import type { Truth } from "./truth.ts";
import type { View } from "./views.ts";

/** A socket that has its view and can receive. */
export interface Viewer {
  connection: Connection;
  view: View;
}

/** What is wrong with the views now, by the truth as it is once the product has made up for everything. */
export function differencesNow(
  truths: ReadonlyMap<string, Truth>,
  viewers: readonly Viewer[],
  companions: ReadonlyMap<string, ReadonlySet<string>>,
  now: number,
): Difference[] {
  const differences: Difference[] = [];
  for (const { connection, view } of viewers) {
    for (const userId of companions.get(connection.userId) ?? []) {
      const truth = truths.get(userId);
      if (!truth) continue;
      const status = view.get(userId);
      const isShown = status?.isOnline ?? false;
      const isWrong = covers(isShown ? truth.offline : truth.online, now, now);
      const isOtherLook =
        status?.isOnline &&
        covers(truth.looks.perhapsVisible, now, now) &&
        !covers(truth.looks.allowed(status), now, now);
      if (!isWrong && !isOtherLook) continue;
      const { userId: viewer, id, gateway } = connection;
      const look = isWrong ? "" : ` as ${status?.availability} (${status?.statusText})`;
      const text = `${viewer} (socket ${id}, gateway ${gateway}) shows ${userId} ${isShown ? "online" : "offline"}${look}`;
      differences.push({ about: userId, text });
    }
  }
  return differences;
}
