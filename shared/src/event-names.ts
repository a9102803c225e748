/** Names on Socket.IO (CONTRACT 4), apart from the payload schemas: a browser needs these alone. */

export const SERVER_EVENTS = {
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
} as const;

export const CLIENT_EVENTS = {
  MESSAGE_SEND: "message:send",
  ACTIVITY: "activity",
  PRESENCE_WATCH: "presence:watch",
  PRESENCE_UNWATCH: "presence:unwatch",
  CONVERSATION_JOIN: "conversation:join",
  CONVERSATION_LEAVE: "conversation:leave",
} as const;
