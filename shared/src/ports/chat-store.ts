import type { ChatMessage } from "../socket-events.ts";

export const MESSAGES_PAGE_MAX = 100;

export interface MessagePage {
  /** newest first */
  messages: ChatMessage[];
  /** opaque; null on the last page */
  nextCursor: string | null;
}

export interface NewMessage {
  conversationId: string;
  senderId: string;
  content: string;
  /** what the sender's client calls it */
  clientId?: string;
}

export interface AddedMessage {
  message: ChatMessage;
  /** false: an earlier one has the sender's `clientId` */
  isNew: boolean;
}

/** Messages of the demo chat, and who may read them. */
export interface ChatStore {
  /**
   * Whether this person, or anonymous participant, may take part in the conversation now: an active account, an active
   * membership, of a participant a share link that is active and not over. False of unknown ids.
   */
  isMember(conversationId: string, userId: string): Promise<boolean>;
  /**
   * Stores a message; the caller has checked that the sender is a member. Of the sender's messages with one `clientId`
   * the first is stored, and given for the later ones, also where they are added at the same time.
   * @throws {PresenceError} `bad_request`: text that cannot be stored
   */
  add(message: NewMessage): Promise<AddedMessage>;
  /**
   * One page of a conversation, newest first. `limit` is brought into 1 to {@link MESSAGES_PAGE_MAX}.
   * Messages that arrive between two pages move nothing.
   * @throws {PresenceError} `bad_request`: the cursor is none of ours
   */
  page(conversationId: string, page: { cursor?: string; limit: number }): Promise<MessagePage>;
  /** The store's clock, by which `createdAt` is written, ms since 1970. */
  now(): Promise<number>;
  /**
   * The messages of these conversations from `from` on, ms since 1970 by the store's clock, oldest first, at most
   * `limit`. A point in time and no age: a question may wait for its turn, and an age would grow meanwhile.
   */
  since(conversationIds: readonly string[], bounds: { from: number; limit: number }): Promise<ChatMessage[]>;
}
