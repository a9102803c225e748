import type { Difference } from "./finding.ts";
import type { Connection, Fault, History } from "./history.ts";
import { covers } from "./intervals.ts";
import type { View } from "./views.ts";
import { truthsOf } from "./world.ts";

/** A socket that has its view and can receive. */
export interface Viewer {
  connection: Connection;
  view: View;
}

/** A connection that ended so long ago no longer counts for any user. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * What is wrong with the views now, measured against the truth as it would be without any fault but the deaths
 * of gateways: empty when the product has made up for everything.
 */
export function differencesNow(
  { connections, members, faults, times }: Pick<History, "connections" | "members" | "faults" | "times">,
  viewers: readonly Viewer[],
  companions: ReadonlyMap<string, ReadonlySet<string>>,
  now: number,
): Difference[] {
  const recent = connections.filter(({ ended }) => ended === null || now - ended.at < FORGOTTEN_AFTER_MS);
  const truths = truthsOf(
    { connections: recent, members },
    { times, faults: faults.filter(isDeath), windows: [] },
  );
  const differences: Difference[] = [];
  for (const { connection, view } of viewers) {
    for (const userId of companions.get(connection.userId) ?? []) {
      const truth = truths.get(userId);
      const isShown = view.get(userId)?.isOnline ?? false;
      const isWrong = truth && covers(isShown ? truth.offline : truth.online, now, now);
      if (!isWrong) continue;
      const { userId: viewer, id, gateway } = connection;
      const text = `${viewer} (socket ${id}, gateway ${gateway}) shows ${userId} ${isShown ? "online" : "offline"}`;
      differences.push({ about: userId, text });
    }
  }
  return differences;
}

/** The one kind of fault that changes the truth itself: what a gateway's users are owed when it dies. */
export const isDeath = ({ component, action }: Fault): boolean =>
  component === "gateway" && action === "kill";
