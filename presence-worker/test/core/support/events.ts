import type { LogEvent, Position, Profile } from "@meeshy/shared/events";
import type { ActorEvent, Rules } from "../../../src/core/actor.ts";

/** Short ways to write what reaches an actor. Times in ms; every test starts at `T0`. */

export const T0 = 1_700_000_000_000;
export const SECOND = 1_000;
export const RULES: Rules = { offlineThresholdMs: 300 * SECOND, graceMs: 5 * SECOND, multiDevice: "allow" };

export function profile(overrides: Partial<Profile> = {}): Profile {
  return {
    username: "alice",
    isAnonymous: false,
    conversationIds: ["room-1", "room-2"],
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    lastActiveAt: T0 - 3_600 * SECOND,
    lastSeen: T0 - 3_000 * SECOND,
    ...overrides,
  };
}

export const connected = (
  connectionId: string,
  gatewayId: string,
  overrides: {
    idleMs?: number;
    again?: boolean;
    resumed?: boolean;
    passive?: boolean;
    firstLogged?: Position;
    profile?: Profile;
    directoryVersion?: number;
  } = {},
) => ({
  type: "connected" as const,
  connectionId,
  gatewayId,
  device: null,
  idleMs: 0,
  profile: profile(),
  ...overrides,
});
export const disconnected = (connectionId: string, reason: string) => ({
  type: "disconnected" as const,
  connectionId,
  reason,
});
export const gatewayLost = (gatewayId: string) => ({ type: "gateway-lost" as const, gatewayId });
export const activity = { type: "activity" as const };
export const timeout = { type: "timeout" as const, sweeperId: "sweeper-1", elapsed: 0 };
export const look = (stored: Profile = profile()) => ({ type: "look" as const, profile: stored });
export const disconnectAll = { type: "disconnect-all" as const };
export const setAvailability = (
  availability: Profile["availability"],
  statusText: string | null = null,
  expiresAt: number | null = null,
  stored: Profile = profile(),
) => ({ type: "availability" as const, availability, statusText, expiresAt, profile: stored });

export const directoryNews = (read: Profile = profile()) => ({ type: "directory" as const, profile: read });
export const deleted = { type: "deleted" as const };

/** The event as it stands in the log: `now` is partition time, `date` the broker's. */
export function logged(event: LogEvent, seq: number, now: number, epoch = 1, date = now): ActorEvent {
  return { ...event, seq, now, epoch, date };
}
