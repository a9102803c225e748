import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { type ConnectionState, isFeedLive } from "./connection.ts";
import { createPersonReader, type PersonPresence, type PersonView, viewPerson } from "./person.ts";
import type { Presence } from "./presence.ts";
import { usePresenceContext } from "./provider.tsx";
import { roomsOf } from "./rooms.ts";
import type { PresenceLike } from "./status.ts";
import type { PresenceState, Self } from "./store.ts";
import type { Occupancy } from "./wire.ts";

/** Any part of the picture; renders again only when the selected part changes (`Object.is`). */
export function usePresenceState<T>(select: (state: PresenceState) => T): T {
  const { store } = usePresenceClient();
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.getState()),
    () => select(store.getInitialState()),
  );
}

/** The connection of the provider above: `leave()`, `activity()`, `setAvailability()`, `socket`, … */
export const usePresenceClient = (): Presence => usePresenceContext().presence;

/** Renders again only when what `read` gives changes, by the store or by time. */
function useLive<T>(read: () => T): T {
  const { store, clock } = usePresenceClient();
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = [store.subscribe(listener), clock.subscribe(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
    [store, clock],
  );
  return useSyncExternalStore(subscribe, read, read);
}

/** One person's presence as it stands, live, without watching: what the feed brings. */
export function usePersonView(userId: string): PersonPresence {
  const { presence, locale } = usePresenceContext();
  const { store, clock } = presence;
  return useLive(
    useMemo(() => createPersonReader(store, clock, userId, locale), [store, clock, userId, locale]),
  );
}

/** One person's presence, live, whatever the feed covers: the person is watched while the component is mounted. */
export function usePresence(userId: string): PersonPresence {
  useWatch([userId]);
  return usePersonView(userId);
}

/** The presence of each of these people, in their order; they are watched while the component is mounted. */
export function usePresences(userIds: readonly string[], { watch = true } = {}): readonly PersonPresence[] {
  const { presence, locale } = usePresenceContext();
  const { store, clock } = presence;
  const key = JSON.stringify(userIds);
  const read = useMemo(() => {
    const readers = (JSON.parse(key) as string[]).map((id) => createPersonReader(store, clock, id, locale));
    let last: readonly PersonPresence[] = [];
    return () => {
      const next = readers.map((reader) => reader());
      if (next.length !== last.length || next.some((one, index) => one !== last[index])) last = next;
      return last;
    };
  }, [store, clock, key, locale]);
  useWatch(watch ? userIds : []);
  return useLive(read);
}

/** How an object of the application's own is shown; only its dates age. */
export function useGivenPerson(user: PresenceLike): PersonView {
  const { presence, locale } = usePresenceContext();
  const { store, clock } = presence;
  const { isOnline, lastActiveAt, lastSeen, cause } = user;
  const last = useRef<PersonView>(undefined);
  return useLive(() => {
    const live = isFeedLive(store.getState().connection);
    const next = viewPerson({ isOnline, lastActiveAt, lastSeen, cause }, clock.now(), live, locale);
    if (
      next.label !== last.current?.label ||
      next.lastSeenText !== last.current.lastSeenText ||
      next.stale !== last.current.stale
    ) {
      last.current = next;
    }
    return last.current ?? next;
  });
}

/** Watches these people while the component is mounted. */
function useWatch(userIds: readonly string[]): void {
  const presence = usePresenceClient();
  const key = JSON.stringify(userIds);
  useEffect(() => presence.watch(JSON.parse(key)), [presence, key]);
}

/** What {@link useRoomPresence} gives. */
export interface RoomPresence {
  /** Members read so far, those first who were online when they were read. */
  memberIds: readonly string[];
  online: number;
  total: number;
  /** Nothing has been read yet. */
  isLoading: boolean;
  /** Why the last attempt failed, for `errorText()`; it is repeated by itself. */
  error: string | null;
  stale: boolean;
  /** Reads more members; null: all are read. */
  more: (() => Promise<void>) | null;
}

const NONE: readonly string[] = [];

/** The members of a conversation and how many of them are online, live. */
export function useRoomPresence(conversationId: string): RoomPresence {
  const rooms = roomsOf(usePresenceClient());
  useEffect(() => rooms.follow(conversationId), [rooms, conversationId]);
  const room = usePresenceState((state) => state.rooms.get(conversationId));
  const counted = usePresenceState((state) => state.occupancy.get(conversationId));
  const stale = usePresenceState((state) => !isFeedLive(state.connection));
  const memberIds = room?.memberIds ?? NONE;
  const isWhole = room !== undefined && room.nextCursor === null && counted === undefined;
  // Of a small conversation the feed brings every change: its members are counted here.
  const present = usePresenceState((state) =>
    isWhole ? memberIds.filter((id) => state.users.get(id)?.isOnline).length : null,
  );
  return {
    memberIds,
    online: present ?? counted?.online ?? room?.online ?? 0,
    total: counted?.total ?? room?.total ?? 0,
    isLoading: room === undefined,
    error: room?.error ?? null,
    stale,
    more: room && room.nextCursor !== null ? () => rooms.more(conversationId) : null,
  };
}

/** How many members of a conversation are online; undefined until it is known. */
export function useOccupancy(
  conversationId: string,
): (Omit<Occupancy, "conversationId"> & { stale: boolean }) | undefined {
  const { online, total, stale, isLoading } = useRoomPresence(conversationId);
  return isLoading ? undefined : { online, total, stale };
}

/** Whether the view is live: connecting, live, stale, refused, ended. */
export function useConnectionState(): ConnectionState {
  return usePresenceState((state) => state.connection);
}

/** What {@link useSelf} gives. */
export interface OwnPresence extends Self, Pick<Presence, "setAvailability" | "clearAvailability"> {}

/**
 * Who is signed in: as others see them, all layers of their availability, their devices, and how to change what is
 * shown. Null until the server has confirmed it.
 */
export function useSelf(): OwnPresence | null {
  const { setAvailability, clearAvailability } = usePresenceClient();
  const self = usePresenceState((state) => state.self);
  return useMemo(
    () => self && { ...self, setAvailability, clearAvailability },
    [self, setAvailability, clearAvailability],
  );
}
