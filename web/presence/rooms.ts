import type { Presence } from "./presence.ts";
import { readStatuses } from "./read-wire.ts";
import type { ErrorCode } from "./wire.ts";

/** What was read of a conversation's members. */
export interface Room {
  /** of the pages read so far, those first who were online then */
  memberIds: readonly string[];
  online: number;
  total: number;
  nextCursor: string | null;
  /** why the last attempt failed; it is repeated by itself */
  error: ErrorCode | null;
}

/** Reads the members of conversations. */
export interface Rooms {
  /** Keeps the conversation's members read until what it gives is called. */
  follow(conversationId: string): () => void;
  /** Reads the next page of members, if there is one. */
  more(conversationId: string): Promise<void>;
}

const RETRY_MS = 5_000;
/** Members a page. */
const PAGE = 200;

interface Page {
  users: unknown;
  online: number;
  total: number;
  nextCursor: string | null;
}

const made = new WeakMap<Presence, Rooms>();

/** Members of conversations, as this person may see them. They are read again after each snapshot. */
export function roomsOf(presence: Presence): Rooms {
  const found = made.get(presence) ?? createRooms(presence);
  made.set(presence, found);
  return found;
}

function createRooms({ request, store }: Presence): Rooms {
  const followers = new Map<string, number>();
  const reading = new Map<string, symbol>();

  const fetchPage = (id: string, cursor: string | null) =>
    request<Page>(
      `/conversations/${encodeURIComponent(id)}/presence?limit=${PAGE}` +
        (cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`),
    );

  const read = async (id: string, cursor: string | null): Promise<void> => {
    const mine = Symbol();
    reading.set(id, mine);
    const isCurrent = () => reading.get(id) === mine && followers.has(id);
    const known = store.getState().rooms.get(id);
    try {
      const { users, online, total, nextCursor } = await fetchPage(id, cursor);
      if (!isCurrent()) return;
      const statuses = readStatuses(users);
      const ids = statuses.map(({ userId }) => userId);
      const before = cursor === null ? [] : (known?.memberIds ?? []);
      store.statuses(statuses);
      store.room(id, {
        memberIds: [...new Set([...before, ...ids])],
        online,
        total,
        nextCursor,
        error: null,
      });
    } catch (error) {
      if (!isCurrent()) return;
      const { code = "unavailable", retryable = true } = error as { code?: ErrorCode; retryable?: boolean };
      store.room(id, { ...(known ?? UNREAD), error: code });
      if (retryable) setTimeout(() => isCurrent() && void read(id, cursor), RETRY_MS);
    }
  };

  store.subscribe(({ views }, before) => {
    if (views !== before.views) for (const id of followers.keys()) void read(id, null);
  });
  return {
    follow(id) {
      const count = followers.get(id) ?? 0;
      followers.set(id, count + 1);
      if (count === 0) void read(id, null);
      return () => {
        const rest = (followers.get(id) ?? 1) - 1;
        if (rest > 0) followers.set(id, rest);
        else followers.delete(id);
      };
    },
    async more(id) {
      const cursor = store.getState().rooms.get(id)?.nextCursor ?? null;
      if (cursor !== null) await read(id, cursor);
    },
  };
}

const UNREAD: Room = { memberIds: [], online: 0, total: 0, nextCursor: null, error: null };
