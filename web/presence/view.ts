import { compareVersions } from "@meeshy/shared/status";
import type { UserStatus } from "./wire.ts";

/** The viewer's picture of other people, by user id; a person who is not in it is not known. Pure rules (CONTRACT 4). */
export type View = ReadonlyMap<string, UserStatus>;

/**
 * A full snapshot names every online person; one who is absent is offline, and keeps name and dates.
 * Versions start afresh with it: it may come from a gateway that has read less of the feed than the last one,
 * and whose next news must not be refused as old.
 */
export function replaceView(view: View, online: readonly UserStatus[]): View {
  const next = new Map<string, UserStatus>();
  for (const known of view.values()) next.set(known.userId, asAbsent(known));
  for (const status of online) next.set(status.userId, status);
  return next;
}

/** A partial snapshot replaces the people it names, whatever their version: what the viewer may see has changed. */
export function replaceNamed(view: View, named: readonly UserStatus[]): View {
  const next = new Map(view);
  for (const status of named) next.set(status.userId, status);
  return next;
}

/** News from the feed: each status counts only if it is newer than what is known. Returns `view` itself if none is. */
export function acceptNewer(view: View, statuses: readonly UserStatus[]): View {
  let next: Map<string, UserStatus> | undefined;
  for (const status of statuses) {
    const known = (next ?? view).get(status.userId);
    if (known !== undefined && compareVersions(status, known) <= 0) continue;
    next ??= new Map(view);
    next.set(status.userId, status);
  }
  return next ?? view;
}

/**
 * What was read by REST about people of whom the feed carries little: names and dates of those who are offline.
 * While the feed is live only the feed brings a person online, for an answer may be older than the last snapshot.
 */
export function fillIn(view: View, read: readonly UserStatus[], live: boolean): View {
  return acceptNewer(
    view,
    live ? read.filter(({ userId, isOnline }) => !isOnline || view.get(userId)?.isOnline) : read,
  );
}

function asAbsent(known: UserStatus): UserStatus {
  return {
    ...known,
    isOnline: false,
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    // A person who was online has left since; the time is unknown.
    lastSeen: known.isOnline ? null : known.lastSeen,
    epoch: 0,
    version: 0,
    cause: "disconnect",
    at: null,
  };
}
