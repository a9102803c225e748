import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";

/** Who may see what of whom: the one policy behind every emit, snapshot and REST answer (CONTRACT 4, 5). */

export interface Viewer {
  id: string;
  isAdmin: boolean;
  conversationIds: ReadonlySet<string>;
  /** whom the viewer has blocked or who has blocked the viewer */
  blocked: ReadonlySet<string>;
}

/** What a viewer is to a person, as far as presence goes. */
export type Relation = "self" | "admin" | "sharer" | "blocked" | "stranger";

export interface SubjectPreferences {
  username: string;
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

/** The status as a viewer of this relation is told it live; `undefined`: nothing is told. */
export function tellStatus(
  relation: Relation,
  subject: SubjectPreferences,
  status: UserStatus,
): UserStatus | undefined {
  if (relation === "self" || relation === "admin") return status;
  if (relation !== "sharer" || !subject.isActive || !subject.showOnlineStatus) return undefined;
  return subject.showLastSeen ? status : { ...status, lastActiveAt: null, lastSeen: null };
}

/**
 * The status as a viewer reads it on request. Whoever is hidden reads like an offline person who hides
 * their last seen; a stranger reads like nobody at all (`subject` undefined).
 */
export function readStatus(
  relation: Relation,
  userId: string,
  subject: SubjectPreferences | undefined,
  status: UserStatus | undefined,
): UserStatus {
  if (!subject || relation === "stranger") return hiddenStatus(userId, null);
  const told = status && tellStatus(relation, subject, status);
  const isSilent = !told || (!told.isOnline && told.lastSeen === null);
  return isSilent ? hiddenStatus(userId, subject.username, subject.isAnonymous) : told;
}

/** Whether two readings of a person look alike; to be hidden is to be hidden, by whatever name. */
export function isSameView(a: UserStatus, b: UserStatus): boolean {
  if (isHidden(a) && isHidden(b)) return true;
  return (Object.keys(a) as (keyof UserStatus)[]).every((field) => a[field] === b[field]);
}

const isHidden = (status: UserStatus): boolean =>
  !status.isOnline && status.version === 0 && status.lastSeen === null && status.lastActiveAt === null;
