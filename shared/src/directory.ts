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
  /** Tokens and sessions of no later than this are refused, ms since 1970; null: none was revoked. */
  sessionsRevokedAt: number | null;
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
  /** when the share link ends, ms since 1970; null: it does not end by itself */
  expiresAt: number | null;
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

/** Most conversations of one person: their ids travel with each status, in messages of at most 256 kB. */
export const PERSON_CONVERSATIONS_MAX = 5_000;
/** Most members of one conversation, and most blocks of one person and of others against them, that are read. */
export const LIST_MAX = 50_000;

/** Most people whom one person can block. */
export const OWN_BLOCKS_MAX = 10_000;

/**
 * Changes in a directory that is ours (CONTRACT 5). Each call may be repeated. The boolean ones give whether
 * anything changed.
 */
export interface DirectoryWriter {
  /**
   * Sets what is given, leaves the rest. Gives both as they are now.
   * @throws {PresenceError} `not_found`: no registered person has this id
   */
  setPreferences(userId: string, changes: Partial<Preferences>): Promise<Preferences>;
  /**
   * Hides a registered person and another one, be they registered, anonymous or unknown, from each other. It takes as
   * long for every id, and stores as much.
   * @throws {PresenceError} `not_found`: the blocker; `bad_request`: they are the same; `too_many_ids`: the blocker has
   *   {@link OWN_BLOCKS_MAX} blocks already
   */
  block(blockerId: string, blockedId: string): Promise<boolean>;
  /** Takes the blocker's own block back; one in the other direction stays. */
  unblock(blockerId: string, blockedId: string): Promise<boolean>;
  /**
   * The ids that this person has blocked, in the order of the ids: those behind `after` ("": from the beginning on), at
   * most `limit`. Blocks by others are not among them.
   */
  blockedBy(blockerId: string, page: { after: string; limit: number }): Promise<string[]>;
  /** Whether two people share a conversation now; takes as long for every id. */
  shareConversation(userId: string, otherId: string): Promise<boolean>;
  /**
   * Makes the person an active member. An anonymous participant can be put back only into their own
   * conversation. `by`: a person who adds another one, a member who shares a conversation with them already, and never
   * one who has left or was removed; or who comes back by themselves. Absent: anyone can be added.
   * @throws {PresenceError} `not_found`: the conversation or the person; or `by` may not do it, which takes as long
   */
  addMember(conversationId: string, userId: string, by?: string): Promise<boolean>;
  /**
   * Ends the membership.
   * @throws {PresenceError} `not_found`: the conversation or the person
   */
  removeMember(conversationId: string, userId: string): Promise<boolean>;
  /** Makes the account inactive. An id without a person changes nothing: `false`. */
  deactivate(userId: string): Promise<boolean>;
  /** From now on, tokens and sessions of before are refused. An id without a person changes nothing: `false`. */
  revokeSessions(userId: string): Promise<boolean>;
}

/**
 * Reads of people, memberships and blocks. Each rejects when the directory cannot be asked, or does not
 * answer in time. A list that is longer than what is read is given with one more than that, so that the reader sees it.
 */
export interface Directory {
  /** The named people; ids without a user are absent from the answer. Anonymous ids (`anon_…`) are served too. */
  users(ids: readonly string[]): Promise<Map<string, DirectoryUser>>;
  /** The active conversations of a person, or of an anonymous participant. */
  conversations(userId: string): Promise<ConversationSummary[]>;
  /** The active members of a conversation, anonymous participants included. */
  members(conversationId: string): Promise<string[]>;
  /** How many active members the conversations have, anonymous participants included; those without any may be absent. */
  memberCounts(conversationIds: readonly string[]): Promise<Map<string, number>>;
  /** The people whom this person has blocked or who have blocked them. */
  blocks(userId: string): Promise<string[]>;
  /**
   * The participants of session tokens, by token; absent when unknown, left or revoked, or when the share link is
   * inactive or over.
   */
  anonymousSessions(sessionTokens: readonly string[]): Promise<Map<string, AnonymousSession>>;
  /** absent: the directory belongs to an application, which makes its changes itself */
  writer?: DirectoryWriter;
}

/** Everything that is read of one person. */
export interface Person {
  user: DirectoryUser;
  conversations: ConversationSummary[];
  blocks: string[];
  presence: StoredPresence;
}

/** Reads our own projection, whichever directory is in use. */
export interface PresenceStore {
  /** The stored presences by user id; ids without a row are absent from the answer. */
  presences(userIds: readonly string[]): Promise<Map<string, StoredPresence>>;
  /**
   * All about registered people in one statement; anonymous and unknown ids are absent from the answer. Optional:
   * without it each part is asked for, as in a directory that belongs to an application.
   */
  people?(ids: readonly string[]): Promise<Map<string, Person>>;
  /** The active conversations of many people, anonymous ones included, in one question. Absent: each person is asked for. */
  conversationsOf?(userIds: readonly string[]): Promise<Map<string, ConversationSummary[]>>;
  /** With whom many people are blocked, anonymous ones included, in one question. Absent: each person is asked for. */
  blocksOf?(userIds: readonly string[]): Promise<Map<string, string[]>>;
  /** The members of conversations, anonymous ones included, in one question. Absent: each conversation is asked for. */
  contacts?(conversationIds: readonly string[]): Promise<DirectoryUser[]>;
}
