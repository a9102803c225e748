"use client";

/** Presence for React 18 and later: one provider, hooks, and components without styles. */
export {
  type UsersService,
  useRealtimeStatus,
  useSocketIO,
  useUsersService,
} from "./ancestor.ts";
export { AvailabilityPicker } from "./components/availability-picker.tsx";
export { AvatarStack } from "./components/avatar-stack.tsx";
export { ConnectionBanner } from "./components/connection-banner.tsx";
export { LastSeen } from "./components/last-seen.tsx";
export { OccupancyBadge } from "./components/occupancy-badge.tsx";
export { OnlineIndicator } from "./components/online-indicator.tsx";
export { PresenceList } from "./components/presence-list.tsx";
export { StatusDot } from "./components/status-dot.tsx";
export {
  type OwnPresence,
  type RoomPresence,
  useConnectionState,
  useOccupancy,
  usePresence,
  usePresenceClient,
  usePresenceState,
  usePresences,
  useRoomPresence,
  useSelf,
} from "./hooks.ts";
export { PresenceProvider, type PresenceProviderProps } from "./provider.tsx";
