import type * as contract from "@meeshy/shared/socket-events";

export type { UserStatus as UserStatusEvent } from "@meeshy/shared/status";

// The values stand here again, held equal by their types: importing them would bring the payload
// schemas along, and with them 107 kB of zod, more than the rest of the SDK.

export const SERVER_EVENTS: typeof contract.SERVER_EVENTS = {
  AUTHENTICATED: "authenticated",
  PRESENCE_SNAPSHOT: "presence:snapshot",
  USER_STATUS: "user:status",
  USER_STATUS_BATCH: "user:status:batch",
  PRESENCE_OCCUPANCY: "presence:occupancy",
  PRESENCE_STALE: "presence:stale",
  PRESENCE_FRESH: "presence:fresh",
  MESSAGE_NEW: "message:new",
  SESSION_REPLACED: "session:replaced",
  AUTH_EXPIRED: "auth:expired",
  SERVER_DRAINING: "server:draining",
  ERROR: "error",
};

export const CLIENT_EVENTS: typeof contract.CLIENT_EVENTS = {
  MESSAGE_SEND: "message:send",
  ACTIVITY: "activity",
  PRESENCE_WATCH: "presence:watch",
  PRESENCE_UNWATCH: "presence:unwatch",
  CONVERSATION_JOIN: "conversation:join",
  CONVERSATION_LEAVE: "conversation:leave",
};
