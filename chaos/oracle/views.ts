import type { Connection, Received, Status } from "./history.ts";
import { type Interval, union } from "./intervals.ts";

/** What one socket shows: the last status of each user it has received. An absent user is offline. */
export type View = Map<string, Status>;

/** Takes in what arrived: a snapshot replaces the view, a partial one the named users (CONTRACT 4). */
export function see(view: View, received: Received): void {
  if (received.kind === "status") view.set(received.userId, received);
  if (received.kind !== "snapshot") return;
  if (!received.partial) view.clear();
  for (const status of received.users) view.set(status.userId, status);
}

/** When a socket showed a person online, and each moment at which it received the person as offline. */
export interface Showing {
  online: Interval[];
  /** moments at which a status showed the person offline, or a snapshot came without the person */
  shownOfflineAt: number[];
}

/** When the socket got its first view; null: never. */
export function firstViewAt({ received }: Connection): number | null {
  return received.find((one) => one.kind === "snapshot" && !one.partial)?.at ?? null;
}

/** How a socket showed the given people, from its first view to `until`. */
export function showingsOf(
  connection: Connection,
  userIds: Iterable<string>,
  until: number,
): Map<string, Showing> {
  const showings = new Map(
    [...userIds].map((id): [string, Showing] => [id, { online: [], shownOfflineAt: [] }]),
  );
  const since = new Map<string, number>();
  const show = (userId: string, isOnline: boolean, at: number) => {
    const showing = showings.get(userId);
    if (!showing) return;
    const from = since.get(userId);
    if (isOnline) {
      if (from === undefined) since.set(userId, at);
      return;
    }
    showing.shownOfflineAt.push(at);
    if (from === undefined) return;
    showing.online.push({ from, to: at });
    since.delete(userId);
  };
  const view: View = new Map();
  for (const received of connection.received) {
    if (received.kind === "message" || received.at >= until) continue;
    see(view, received);
    if (received.kind === "status") show(received.userId, received.isOnline, received.at);
    else if (received.partial)
      for (const { userId, isOnline } of received.users) show(userId, isOnline, received.at);
    else for (const userId of showings.keys()) show(userId, view.get(userId)?.isOnline ?? false, received.at);
  }
  for (const [userId, from] of since) showings.get(userId)?.online.push({ from, to: until });
  for (const showing of showings.values()) showing.online = union(showing.online);
  return showings;
}

/** A status as a socket showed it for some time. */
export type ShownLook = Interval & Pick<Status, "userId" | "isOnline" | "availability" | "statusText">;

/** What a socket showed people as, until the next status of them, or a snapshot without them, or `until`. */
export function looksShownBy({ received }: Pick<Connection, "received">, until: number): ShownLook[] {
  const shown: ShownLook[] = [];
  const open = new Map<string, ShownLook>();
  const end = (userId: string, at: number) => {
    const one = open.get(userId);
    if (one) shown.push({ ...one, to: at });
    open.delete(userId);
  };
  for (const one of received) {
    if (one.kind === "message" || one.at >= until) continue;
    const isWhole = one.kind === "snapshot" && !one.partial;
    if (isWhole) for (const userId of [...open.keys()]) end(userId, one.at);
    for (const status of one.kind === "status" ? [one] : one.users) {
      const { userId, isOnline, availability, statusText } = status;
      end(userId, one.at);
      open.set(userId, { ...{ userId, isOnline, availability, statusText }, from: one.at, to: until });
    }
  }
  return [...shown, ...open.values()];
}
