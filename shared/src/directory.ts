import type { Availability } from "./status.ts";

/** People, memberships and blocks: the port through which an application's own users are read (CONTRACT 6). */

export interface DirectoryUser {
  id: string;
  username: string;
  displayName: string | null;
  role: "USER" | "ADMIN";
  isAnonymous: boolean;
  isActive: boolean;
  showOnlineStatus: boolean;
  showLastSeen: boolean;
}

/** The stored projection of a person's presence. Times in ms since 1970. */
export interface StoredPresence {
  userId: string;
  isOnline: boolean;
  lastActiveAt: number | null;
  lastSeen: number | null;
  availability: Availability;
  statusText: string | null;
  availabilityExpiresAt: number | null;
  epoch: number;
  version: number;
}

export interface AnonymousSession {
  participantId: string;
  username: string;
  conversationId: string;
}

export interface ConversationSummary {
  id: string;
  title: string | null;
}

/** What people may change about how they are seen. */
export interface Preferences {
  showOnlineStatus: boolean;
  showLastSeen: boolean;
}

/**
 * Changes in a directory that is ours. Each call may be repeated; ids of nobody, or of no conversation, are
 * `not_found`. The boolean ones tell whether anything changed.
 */
export interface DirectoryWriter {
  /** Sets what is given, leaves the rest. Gives both as they are now. */
  setPreferences(userId: string, changes: Partial<Preferences>): Promise<Preferences>;
  /** Hides two people from each other. */
  block(blockerId: string, blockedId: string): Promise<boolean>;
  unblock(blockerId: string, blockedId: string): Promise<boolean>;
  addMember(conversationId: string, userId: string): Promise<boolean>;
  removeMember(conversationId: string, userId: string): Promise<boolean>;
  deactivate(userId: string): Promise<boolean>;
}

export interface Directory {
  /** The named people; ids that nobody has are absent from the answer. Anonymous ids (`anon_…`) are served too. */
  users(ids: readonly string[]): Promise<Map<string, DirectoryUser>>;
  /** The active conversations of a person, or of an anonymous participant. */
  conversations(userId: string): Promise<ConversationSummary[]>;
  /** The active members of a conversation, anonymous participants included. */
  members(conversationId: string): Promise<string[]>;
  /** How many active members the conversations have, anonymous participants included; those without any may be absent. */
  memberCounts(conversationIds: readonly string[]): Promise<Map<string, number>>;
  /** Everyone whom this person has blocked or who has blocked them. */
  blocks(userId: string): Promise<string[]>;
  /** The participant of a session token; `undefined` when unknown, left, or its share link inactive or expired. */
  anonymousSession(sessionToken: string): Promise<AnonymousSession | undefined>;
  /** absent: the directory belongs to an application, which makes its changes itself */
  writer?: DirectoryWriter;
}

/** Everything that has to be known of a person who connects. */
export interface Newcomer {
  user: DirectoryUser;
  conversations: ConversationSummary[];
  blocks: string[];
  presence: StoredPresence;
}

/** Reads our own projection, whichever directory is in use. */
export interface PresenceStore {
  presences(userIds: readonly string[]): Promise<Map<string, StoredPresence>>;
  /** Registered people who connect, all about them in one question. Absent: each part has to be asked for. */
  newcomers?(ids: readonly string[]): Promise<Map<string, Newcomer>>;
  /** The members of conversations, anonymous ones included, in one question. Absent: each conversation is asked for. */
  contacts?(conversationIds: readonly string[]): Promise<DirectoryUser[]>;
}
