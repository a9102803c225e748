import type { ConversationSummary, DirectoryUser, StoredPresence } from "../../src/directory.ts";
import { isAnonymousId } from "../../src/ids.ts";
import type { LogPosition } from "../../src/ports/log-progress.ts";
import type { TransitionRow } from "../../src/ports/transition-history.ts";
import type { ChatMessage } from "../../src/socket-events.ts";

/** What the store in memory holds. Rows are replaced, never changed: what a call has returned stays as it was. */
export interface MemoryTables {
  people: Map<string, MemoryPerson>;
  conversations: Map<string, ConversationSummary>;
  /** by registered person and conversation, whether it is active */
  memberships: Map<string, Map<string, boolean>>;
  shareLinks: Map<string, ShareLink>;
  /** by the person who blocks, whom */
  blocks: Map<string, Set<string>>;
  messages: ChatMessage[];
  history: Map<string, TransitionRow>;
  progress: Map<number, LogPosition>;
  /** ms since 1970 */
  now: () => number;
}

export interface MemoryPerson {
  user: DirectoryUser;
  presence: StoredPresence;
  /** where an anonymous participant came in */
  guest?: { sessionToken: string; shareLinkId: string; conversationId: string };
}

interface ShareLink {
  conversationId: string;
  isActive: boolean;
  /** ms since 1970 */
  expiresAt: number | null;
}

/** A new person with the defaults of the columns (CONTRACT 6). */
export function newPerson(
  { id, ...given }: Partial<DirectoryUser> & { id: string },
  presence: Partial<StoredPresence>,
  now: number,
): MemoryPerson {
  const isAnonymous = isAnonymousId(id);
  const user = { id, username: id, displayName: null, role: "USER", isAnonymous, isActive: true } as const;
  return {
    user: { ...user, showOnlineStatus: true, showLastSeen: true, sessionsRevokedAt: null, ...given },
    presence: {
      userId: id,
      isOnline: false,
      lastActiveAt: isAnonymous ? now : null,
      lastSeen: isAnonymous ? now : null,
      availability: "available",
      statusText: null,
      availabilityExpiresAt: null,
      epoch: 0,
      version: 0,
      ...presence,
    },
  };
}

/** The ids of a person's active conversations, in their order. */
export function conversationsOf({ people, memberships }: MemoryTables, userId: string): string[] {
  const person = people.get(userId);
  if (person?.guest) return person.user.isActive ? [person.guest.conversationId] : [];
  const own = memberships.get(userId) ?? [];
  return [...own].flatMap(([conversationId, isActive]) => (isActive ? [conversationId] : [])).sort();
}

/** Whether an anonymous participant's session is good: not left or revoked, the link active and not over. */
export function isSessionGood({ shareLinks, now }: MemoryTables, { user, guest }: MemoryPerson): boolean {
  const link = guest && shareLinks.get(guest.shareLinkId);
  if (!link?.isActive || !user.isActive || user.sessionsRevokedAt !== null) return false;
  return link.expiresAt === null || link.expiresAt > now();
}
