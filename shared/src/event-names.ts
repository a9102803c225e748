/** Names of the events on Socket.IO (CONTRACT 4); each has its row in the tables of `socket-events.ts`. */

/** What gateways send. */
export const SERVER_EVENTS = {
  AUTHENTICATED: "authenticated",
  PRESENCE_SNAPSHOT: "presence:snapshot",
  PRESENCE_SELF: "presence:self",
  USER_STATUS: "user:status",
  USER_STATUS_BATCH: "user:status:batch",
  PRESENCE_OCCUPANCY: "presence:occupancy",
  PRESENCE_STALE: "presence:stale",
  PRESENCE_FRESH: "presence:fresh",
  MESSAGE_NEW: "message:new",
  TYPING: "typing",
  SESSION_REPLACED: "session:replaced",
  AUTH_EXPIRING: "auth:expiring",
  AUTH_EXPIRED: "auth:expired",
  SERVER_DRAINING: "server:draining",
  ERROR: "error",
} as const;
export type ServerEventName = (typeof SERVER_EVENTS)[keyof typeof SERVER_EVENTS];

/** What clients send. */
export const CLIENT_EVENTS = {
  MESSAGE_SEND: "message:send",
  TYPING: "typing",
  ACTIVITY: "activity",
  AUTH_RENEW: "auth:renew",
  PRESENCE_WATCH: "presence:watch",
  PRESENCE_UNWATCH: "presence:unwatch",
  CONVERSATION_JOIN: "conversation:join",
  CONVERSATION_LEAVE: "conversation:leave",
} as const;
export type ClientEventName = (typeof CLIENT_EVENTS)[keyof typeof CLIENT_EVENTS];
