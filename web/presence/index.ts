/** Presence without a framework: the connection, the picture of other people, and the rules by which it is shown. */

export { type ConnectionState, type EndReason, isFeedLive, type StaleReason } from "./connection.ts";
export { CLIENT_EVENTS, SERVER_EVENTS, type UserStatusEvent } from "./events.ts";
export { getLastSeenText, getPresenceText } from "./last-seen.ts";
export { type Locale, registerLocale, type Status, type Words } from "./locale.ts";
export { type PersonPresence, type PersonView, viewPerson } from "./person.ts";
export { errorText } from "./phrases.ts";
export { type AvailabilityWish, createPresence, type Presence, type PresenceOptions } from "./presence.ts";
export { PresenceRequestError } from "./rest.ts";
export { type Room, type Rooms, roomsOf } from "./rooms.ts";
export { getUserStatus, type PresenceLike, STATUS_COLORS, type StatusView } from "./status.ts";
export type { PresenceState, PresenceStore, Self } from "./store.ts";
export type {
  Availability,
  ChatMessage,
  Choices,
  ErrorBody,
  Occupancy,
  OwnConnection,
  UserStatus,
} from "./wire.ts";
