import { z } from "zod";
import type { ErrorBody } from "./codes.ts";
import type { UserStatus } from "./status.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** Payloads on Socket.IO (CONTRACT 4); the names are in `event-names.ts`. */

export interface Occupancy {
  conversationId: string;
  online: number;
  total: number;
}

export interface ChatMessage {
  id: string;
  conversationId: string;
  senderId: string;
  content: string;
  createdAt: string;
}

export interface PresenceSnapshot {
  users: UserStatus[];
  occupancy: Occupancy[];
  partial?: true;
}

export interface ServerToClientEvents {
  authenticated: (payload: {
    success: true;
    user: { id: string; username: string | null; isAnonymous: boolean };
    connectionId: string;
  }) => void;
  "presence:snapshot": (payload: PresenceSnapshot) => void;
  "user:status": (status: UserStatus) => void;
  "user:status:batch": (statuses: UserStatus[]) => void;
  "presence:occupancy": (occupancy: Occupancy) => void;
  "presence:stale": (payload: { since: string }) => void;
  "presence:fresh": (payload: { at: string }) => void;
  "message:new": (message: ChatMessage) => void;
  "session:replaced": () => void;
  "auth:expired": () => void;
  "server:draining": (payload: { reconnectAfterMs: number }) => void;
  error: (error: ErrorBody) => void;
}

export type Acknowledgement<T = undefined> =
  | { success: true; data?: T }
  | { success: false; error: ErrorBody };
type Reply<T = undefined> = (answer: Acknowledgement<T>) => void;

export interface ClientToServerEvents {
  "message:send": (payload: MessageSend, reply?: Reply<{ messageId: string }>) => void;
  activity: (reply?: Reply) => void;
  "presence:watch": (payload: UserIds, reply?: Reply<{ users: UserStatus[] }>) => void;
  "presence:unwatch": (payload: UserIds, reply?: Reply<{ users: UserStatus[] }>) => void;
  "conversation:join": (payload: ConversationRef, reply?: Reply) => void;
  "conversation:leave": (payload: ConversationRef, reply?: Reply) => void;
}

const id = z.string().min(1).max(MAX_ID_LENGTH);

export const MESSAGE_MAX = 10_000;
export const WATCH_MAX = 200;

export const messageSendSchema = z.object({
  conversationId: id,
  content: z.string().min(1).max(MESSAGE_MAX),
});
export type MessageSend = z.infer<typeof messageSendSchema>;
export const userIdsSchema = z.object({ userIds: z.array(id).max(WATCH_MAX) });
export type UserIds = z.infer<typeof userIdsSchema>;
export const conversationRefSchema = z.object({ conversationId: id });
export type ConversationRef = z.infer<typeof conversationRefSchema>;
