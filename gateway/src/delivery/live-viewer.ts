import type { ClientConnection } from "../connections/connections.ts";
import { liveRelationTo, type Relation, type Viewer } from "../core/visibility.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { LargeRooms } from "./large-rooms.ts";
import { watchedBy } from "./watching.ts";

/** A viewer with an open socket. */
export interface LiveViewer extends Viewer {
  id: string;
  /** those of the conversations that are not large: their people are followed */
  near: ReadonlySet<string>;
  watched: ReadonlySet<string>;
}

/** The person behind a connection, as the viewer that the connection makes of them now. */
export function liveViewer(
  { userId, identity, conversationIds, blocked, socket }: ClientConnection,
  largeRooms: Pick<LargeRooms, "isLarge">,
): LiveViewer {
  return {
    id: userId,
    isAdmin: identity.isAdmin,
    conversationIds: new Set(conversationIds),
    near: new Set(conversationIds.filter((id) => !largeRooms.isLarge(id))),
    watched: new Set(watchedBy(socket)),
    blocked,
  };
}

/** Those whom the viewer follows and who are online, or have a status text all the same; but for the viewer. */
export function peopleInView(
  { id: own, near, watched }: LiveViewer,
  feed: Pick<StatusFeed, "onlineIn" | "absentWithTextIn" | "get">,
): Set<string> {
  const ids = new Set([...near].flatMap((id) => [...feed.onlineIn(id), ...feed.absentWithTextIn(id)]));
  for (const id of watched) {
    const status = feed.get(id);
    if (status && (status.isOnline || status.statusText !== null)) ids.add(id);
  }
  ids.delete(own);
  return ids;
}

/** What the viewer is to a person in `conversationIds`, whose changes the socket receives or not. */
export function relationOf(viewer: LiveViewer, userId: string, conversationIds: readonly string[]): Relation {
  const follows =
    conversationIds.some((id) => viewer.near.has(id)) ||
    (viewer.watched.has(userId) &&
      (viewer.isAdmin || conversationIds.some((id) => viewer.conversationIds.has(id))));
  return liveRelationTo(viewer, userId, follows);
}
