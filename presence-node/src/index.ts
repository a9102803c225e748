/** Presence for backends, over NATS (CONTRACT 7). */

export { createPresenceClient, type PresenceClient, type PresenceClientOptions } from "@meeshy/shared/client";
export type { Watch } from "@meeshy/shared/client/watch";
export { type ErrorBody, type ErrorCode, PresenceError } from "@meeshy/shared/codes";
export type {
  AccountRequest,
  AvailabilityRequest,
  MembershipRequest,
  SessionRequest,
} from "@meeshy/shared/service-requests";
export type { StatusMessage, UserStatus } from "@meeshy/shared/status";
