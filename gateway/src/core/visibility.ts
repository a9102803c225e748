import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";

/** Who may see what of whom: the one policy behind every emit, snapshot and REST answer (CONTRACT 4, 5). */

export interface Viewer {
  /** null: no one in particular, to whom no person is themselves */
  id: string | null;
  isAdmin: boolean;
  conversationIds: ReadonlySet<string>;
  /** whom the viewer has blocked or who has blocked the viewer */
  blocked: ReadonlySet<string>;
}

/** What a viewer is to a person, as far as presence goes. */
export type Relation = "self" | "admin" | "sharer" | "blocked" | "stranger";

export interface SubjectPreferences {
  username: string;
  displayName?: string | null;
  isAnonymous: boolean;
  isActive: boolean;
  showOnlineStatus: boolean;
  showLastSeen: boolean;
}

/** The relation of `viewer` to the person `userId`, who is in `conversationIds`. */
export function relationTo(viewer: Viewer, userId: string, conversationIds: readonly string[]): Relation {
  if (viewer.id === userId) return "self";
  if (viewer.isAdmin) return "admin";
  if (!conversationIds.some((id) => viewer.conversationIds.has(id))) return "stranger";
  return viewer.blocked.has(userId) ? "blocked" : "sharer";
}

/** The relation of an open socket: what is not shared with it is not followed by it, an administrator's included. */
export function liveRelationTo(
  viewer: Omit<Viewer, "conversationIds">,
  userId: string,
  sharesConversation: boolean,
): Relation {
  if (viewer.id === userId) return "self";
  if (!sharesConversation) return "stranger";
  if (viewer.isAdmin) return "admin";
  return viewer.blocked.has(userId) ? "blocked" : "sharer";
}

/** The status as a viewer of this relation receives it live; `undefined`: nothing is sent. */
export function visibleStatus(
  relation: Relation,
  subject: SubjectPreferences,
  status: UserStatus,
): UserStatus | undefined {
  const named = withDisplayName(status, subject);
  if (relation === "self" || relation === "admin") return named;
  if (relation !== "sharer" || !subject.isActive || !subject.showOnlineStatus) return undefined;
  return subject.showLastSeen ? named : { ...named, lastActiveAt: null, lastSeen: null };
}

/** A status of an earlier release names no name to display; that of an account that is gone names no one. */
const withDisplayName = (status: UserStatus, { displayName = null }: SubjectPreferences): UserStatus =>
  status.displayName !== null || displayName === null || status.username === null
    ? status
    : { ...status, displayName };

/**
 * The status as a viewer reads it on request. A hidden person reads like an offline one who hides
 * their last seen; a stranger reads like an unknown user (`subject` undefined).
 */
export function readStatus(
  relation: Relation,
  userId: string,
  subject: SubjectPreferences | undefined,
  status: UserStatus | undefined,
): UserStatus {
  if (!subject || relation === "stranger") return hiddenStatus(userId, null);
  const visible = status && visibleStatus(relation, subject, status);
  const isSilent =
    !visible ||
    (!visible.isOnline && visible.lastSeen === null && !isShownAbsent(relation, subject, visible));
  return isSilent
    ? hiddenStatus(userId, subject.username, subject.isAnonymous, subject.displayName)
    : visible;
}

/**
 * Whether an offline person says something that the viewer sees. Of who hides their last seen nothing shows that they
 * left, the text that they left with included.
 */
export const isShownAbsent = (
  relation: Relation,
  { showLastSeen }: SubjectPreferences,
  { statusText }: UserStatus,
): boolean => statusText !== null && (showLastSeen || relation === "self" || relation === "admin");

/** Whether two readings of a person look alike; to be hidden is to be hidden, by whatever name. */
export function isSameView(a: UserStatus, b: UserStatus): boolean {
  if (isHidden(a) && isHidden(b)) return true;
  return (Object.keys(a) as (keyof UserStatus)[]).every((field) => a[field] === b[field]);
}

/**
 * What is sent to a viewer who saw a person online, and from now on sees them no more although they share a
 * conversation: the person leaves, as far as the viewer can see. `undefined`: that is not what happened.
 * `from`: no less than any version that the viewer was sent; `at`: ISO 8601.
 */
export function asDeparture(
  former: UserStatus,
  now: UserStatus,
  moment: () => { from: number; at: string },
): UserStatus | undefined {
  if (!former.isOnline || !isHidden(now) || now.username === null) return undefined;
  const { from, at } = moment();
  return {
    ...former,
    isOnline: false,
    // Who hides their last seen does so when they leave, too.
    lastSeen: former.lastSeen === null && former.lastActiveAt === null ? null : at,
    version: Math.max(former.version + 1, from),
    cause: "disconnect",
    at,
  };
}

const isHidden = (status: UserStatus): boolean =>
  !status.isOnline && status.version === 0 && status.lastSeen === null && status.lastActiveAt === null;
