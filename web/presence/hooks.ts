"use client";

import type { UserStatus } from "@meeshy/shared/status";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { useNow } from "./clock.ts";
import { type ConnectionState, isFeedLive } from "./connection.ts";
import { getLastSeenText } from "./last-seen.ts";
import { usePresenceContext } from "./provider.tsx";
import { getUserStatus, type StatusView } from "./status.ts";
import type { PresenceState, Self } from "./store.ts";

/** What {@link usePresence} gives: a person's status, and how to show it. */
export interface PersonPresence extends StatusView {
  /** What is known of the person; undefined for an unknown one. */
  user: UserStatus | undefined;
  /** In words, in the language of the provider; may be empty. */
  lastSeenText: string;
}

/** One person's presence as it stands, live. */
export function usePresence(userId: string): PersonPresence {
  const { locale } = usePresenceContext();
  const user = usePresenceState((state) => state.users.get(userId));
  const live = usePresenceState((state) => isFeedLive(state.connection));
  const now = useNow();
  return {
    user,
    ...getUserStatus(user, now, { live, locale }),
    lastSeenText: getLastSeenText(user, now, { live, locale }),
  };
}

/** What is known of each of these people, in their order. */
export function usePresences(userIds: readonly string[]): (UserStatus | undefined)[] {
  return usePresenceState(useShallow((state) => userIds.map((id) => state.users.get(id))));
}

/** Whether the view is live: connecting, online, stale, refused, … */
export function useConnectionState(): ConnectionState {
  return usePresenceState((state) => state.connection);
}

/** Who is signed in; null until the server has confirmed it. */
export function useSelf(): Self | null {
  return usePresenceState((state) => state.self);
}

/** Any part of the picture; renders again only when the selected part changes. */
export function usePresenceState<T>(select: (state: PresenceState) => T): T {
  const { presence } = usePresenceContext();
  return useStore(presence.store, select);
}
