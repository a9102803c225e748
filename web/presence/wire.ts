/**
 * What crosses the socket (CONTRACT 4), as plain types: those of the servers derive from schemas, which a browser does
 * not load. A test holds both together.
 */
import type { ErrorBody, ErrorCode } from "@meeshy/shared/codes";
import type { Availability, UserStatus } from "@meeshy/shared/status";

export type { Availability, ErrorBody, ErrorCode, UserStatus };

/** How many of a conversation's `total` members are online. */
export interface Occupancy {
  conversationId: string;
  online: number;
  total: number;
}

/** Replaces the view: all of it, where who is absent is offline; with `partial`, of the named users. */
export interface PresenceSnapshot {
  users: UserStatus[];
  occupancy: Occupancy[];
  /** the server's time, ISO 8601 */
  serverTime?: string;
  partial?: true;
}

/** An availability as it was chosen. */
interface Choice {
  availability: Availability;
  statusText: string | null;
}
/** A choice with its end, ISO 8601. */
interface EndingChoice extends Choice {
  expiresAt: string | null;
}
/** All layers of a person's availability (CONTRACT 5). */
export interface Choices {
  standing: Choice;
  timed: EndingChoice | null;
  services: (EndingChoice & { source: string })[];
}
/** One of the person's own connections. */
export interface OwnConnection {
  connectionId: string;
  device: string | null;
  since: string;
  current: boolean;
}
/** What a person's own sockets hear of the person. */
export interface PresenceSelf {
  user: UserStatus;
  choices: Choices;
  connections: OwnConnection[];
}

/** A chat message as members receive it; `createdAt`: ISO 8601. */
export interface ChatMessage {
  id: string;
  conversationId: string;
  senderId: string;
  content: string;
  createdAt: string;
  /** what the sender's client has called it; only the sender receives it */
  clientId?: string;
}

/** That a member types in a conversation; `at`: the broker's time, ISO 8601. */
interface TypingNotice {
  conversationId: string;
  userId: string;
  at: string;
}

/** How each event of a client is answered. */
export type Acknowledgement<T = undefined> =
  | { success: true; data?: T }
  | { success: false; error: ErrorBody };

/** What gateways send. */
export interface ServerToClientEvents {
  authenticated: (payload: {
    success: true;
    user: { id: string; username: string | null; isAnonymous: boolean };
    connectionId: string;
  }) => void;
  "presence:snapshot": (payload: PresenceSnapshot) => void;
  "presence:self": (payload: PresenceSelf) => void;
  "user:status": (payload: UserStatus) => void;
  "user:status:batch": (payload: UserStatus[]) => void;
  "presence:occupancy": (payload: Occupancy) => void;
  "presence:stale": (payload: { since: string; reason: "feed" | "not-processing" | "storage" }) => void;
  "presence:fresh": (payload: { at: string }) => void;
  "message:new": (payload: ChatMessage) => void;
  typing: (payload: TypingNotice) => void;
  "session:replaced": () => void;
  "auth:expiring": (payload: { expiresAt: string }) => void;
  "auth:expired": () => void;
  "server:draining": (payload: { reconnectAfterMs: number }) => void;
  error: (payload: ErrorBody) => void;
}

type Reply<T = undefined> = (answer: Acknowledgement<T>) => void;

/** What clients send. */
export interface ClientToServerEvents {
  "message:send": (
    payload: { conversationId: string; content: string; clientId?: string },
    reply?: Reply<{ messageId: string }>,
  ) => void;
  typing: (payload: { conversationId: string; isTyping?: boolean }, reply?: Reply) => void;
  activity: (reply?: Reply) => void;
  "auth:renew": (payload: { token: string }, reply?: Reply<{ expiresAt: string }>) => void;
  "presence:watch": (payload: { userIds: string[] }, reply?: Reply<{ users: UserStatus[] }>) => void;
  "presence:unwatch": (payload: { userIds: string[] }, reply?: Reply<{ users: UserStatus[] }>) => void;
  "conversation:join": (payload: { conversationId: string }, reply?: Reply) => void;
  "conversation:leave": (payload: { conversationId: string }, reply?: Reply) => void;
}
